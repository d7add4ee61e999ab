import type { components } from '../../contract/retell.gen.js';

export type CallTimeWindow = components['schemas']['CallTimeWindow'];

/** Documented: where the times of a window are from if it does not say. */
const defaultTimezone = 'America/Los_Angeles';

const days = [
  'Sunday',
  'Monday',
  'Tuesday',
  'Wednesday',
  'Thursday',
  'Friday',
  'Saturday',
] as const;

const minutesOfDay = 1440;
const msOfMinute = 60_000;

/** What is wrong with a window, and where; undefined if nothing is. */
export function findWindowProblem({
  windows,
  timezone = defaultTimezone,
}: CallTimeWindow): string | undefined {
  const wrong = windows.findIndex(({ start, end }) => start >= end);
  if (wrong !== -1) return `/windows/${String(wrong)}/start must be before its end`;
  return formatOf(timezone) === undefined ? '/timezone must be a time zone of IANA' : undefined;
}

/** Documented: windows in their one form: in order, without overlaps. */
export function canonicalWindow({ windows, day = [], ...rest }: CallTimeWindow): CallTimeWindow {
  const merged: { start: number; end: number }[] = [];
  for (const { start, end } of [...windows].sort((a, b) => a.start - b.start)) {
    const last = merged.at(-1);
    if (last !== undefined && start <= last.end) last.end = Math.max(last.end, end);
    else merged.push({ start, end });
  }
  const { timezone = defaultTimezone } = rest;
  return { windows: merged, ...(day.length > 0 && { day: [...new Set(day)] }), timezone };
}

/** The first moment from `at` on at which a window allows calls. */
export function allowedFrom(window: CallTimeWindow, at: number): number {
  const { timezone = defaultTimezone } = window;
  let moment = at;
  // Each round goes to a start of a window or to the next day; clocks that are put forward add some.
  for (let rounds = 0; rounds < 100; rounds += 1) {
    const { day, minute } = localTime(moment, timezone);
    const isDay = window.day === undefined || window.day.length === 0 || window.day.includes(day);
    const open = isDay ? window.windows.filter(({ end }) => minute < end) : [];
    if (open.some(({ start }) => start <= minute)) return moment;
    const next = Math.min(minutesOfDay, ...open.map(({ start }) => start));
    moment = later((Math.floor(moment / msOfMinute) + next - minute) * msOfMinute, next, timezone);
  }
  return moment;
}

/** A moment at which it should be so late: one that is too late because clocks were put forward is put right. */
function later(moment: number, minute: number, timezone: string): number {
  const present = localTime(moment, timezone).minute;
  if (present <= minute) return moment;
  const earlier = moment - (present - minute) * msOfMinute;
  // That time of the day may be left out on this day.
  return localTime(earlier, timezone).minute === minute ? earlier : moment;
}

/** The day and the minute of the day in a time zone. */
function localTime(at: number, timezone: string) {
  const parts = formatOf(timezone)?.formatToParts(at) ?? [];
  const numberOf = (name: string) => Number(parts.find(({ type }) => type === name)?.value);
  const date = Date.UTC(numberOf('year'), numberOf('month') - 1, numberOf('day'));
  return {
    day: days[new Date(date).getUTCDay()] ?? 'Sunday',
    minute: numberOf('hour') * 60 + numberOf('minute'),
  };
}

/** There are some hundred time zones, and a format takes long to make. */
const formats = new Map<string, Intl.DateTimeFormat>();

/** Undefined if there is no such time zone. */
function formatOf(timeZone: string): Intl.DateTimeFormat | undefined {
  try {
    const format =
      formats.get(timeZone) ??
      new Intl.DateTimeFormat('en-US', {
        ...{ timeZone, hourCycle: 'h23', year: 'numeric', month: 'numeric', day: 'numeric' },
        ...{ hour: 'numeric', minute: 'numeric' },
      });
    formats.set(timeZone, format);
    return format;
  } catch {
    return undefined;
  }
}
