/**
 * The only place where time is read or waited for. All times are integer milliseconds
 * since the epoch.
 */
export interface Clock {
  /** The time now; never less than what it answered before. */
  now(): number;
  /** Calls back once, at `time` or soon after; at the next turn if that is past. */
  wakeAt(time: number, wake: () => void): Alarm;
  /** Gives other work on the event loop a turn. */
  turn(): Promise<void>;
}

export interface Alarm {
  cancel(): void;
}

// Node fires a timer with a longer delay at once.
const longestDelay = 2 ** 31 - 1;

/** The wall clock. It stands still where the machine's clock is set back. */
export function wallClock(): Clock {
  let latest = 0;
  const now = (): number => (latest = Math.max(latest, Date.now()));
  return {
    now,
    wakeAt(time, wake) {
      const delay = Math.min(Math.max(time - now(), 0), longestDelay);
      const timer = setTimeout(wake, delay);
      // The socket keeps the process alive, not the work that it may still be given.
      timer.unref();
      return {
        cancel: () => {
          clearTimeout(timer);
        },
      };
    },
    turn: () =>
      new Promise((resolve) => {
        setImmediate(resolve);
      }),
  };
}

/** Milliseconds since some moment, with fractions: to measure how long something takes. */
export const stopwatch = (): number => performance.now();

/** Resolves after so many milliseconds, for which it keeps the process alive. */
export const sleep = (duration: number): Promise<void> =>
  new Promise((resolve) => {
    setTimeout(resolve, duration);
  });

/** A workspace's own time, made of the wall clock's. */
export type WorkspaceClock =
  /** Stands still at `time`. */
  | { readonly mode: 'manual'; readonly time: number }
  /** Was at `time` when the wall clock was at `anchor`; goes `speed` times as fast since. */
  | {
      readonly mode: 'real';
      readonly time: number;
      readonly anchor: number;
      readonly speed: number;
    };

/** The workspace's time when the wall clock is at `wall`. */
export const timeAt = (clock: WorkspaceClock, wall: number): number =>
  clock.mode === 'manual'
    ? clock.time
    : clock.time + Math.floor(Math.max(wall - clock.anchor, 0) * clock.speed);

/** When the workspace's clock comes to `time`, by the wall clock; Infinity if never by itself. */
export const wallTimeOf = (clock: WorkspaceClock, time: number): number =>
  clock.mode === 'manual'
    ? Infinity
    : clock.anchor + Math.ceil(Math.max(time - clock.time, 0) / clock.speed);

/** Goes with the wall clock from now on, `speed` times as fast; no time is lost or repeated. */
export const runningFrom = (time: number, wall: number, speed: number): WorkspaceClock => ({
  mode: 'real',
  time,
  speed,
  anchor: wall,
});

/** No time is later than what a Date can hold, with room to spare. */
export const latestTime = 8e15;

/**
 * Reads a moment: milliseconds since the epoch, or a date and time as in RFC 3339.
 * @returns undefined if it isn't one, or lies outside of the emulator's time.
 */
export function parseMoment(moment: string | number): number | undefined {
  // A query knows no numbers.
  const isNumber = typeof moment === 'number' || /^\d+$/.test(moment);
  const time = isNumber ? Number(moment) : parseDateTime(moment);
  return Number.isInteger(time) && time >= 0 && time <= latestTime ? time : undefined;
}

/** NaN if it isn't one. */
function parseDateTime(text: string): number {
  const [, day] = /^(\d{4}-\d\d-\d\d)T\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:\d\d)$/.exec(text) ?? [];
  if (day === undefined || Number.isNaN(Date.parse(day))) return NaN;
  // Node takes the 31st of February for the 3rd of March.
  return new Date(day).toISOString().startsWith(day) ? Date.parse(text) : NaN;
}
