/**
 * The only place where time is read or waited for. All times are integer milliseconds
 * since the epoch.
 */
import * as timers from 'node:timers';

/**
 * Kept from when this module is loaded, because test runners later put fakes in their place: these must
 * not stop the emulator. The functions are kept and not the module, because runners change its functions, too.
 */
const { setTimeout, clearTimeout, setImmediate } = timers;
const { Date: NodeDate, performance: nodePerformance } = globalThis;

/**
 * True if this module was loaded when fakes had already taken their place. Those of Vitest and Jest have
 * a `clock`, Jest's take the place of `process.nextTick`, too, and Node's are bound functions.
 */
export const timersAreFake =
  setTimeout.name !== 'setTimeout' ||
  'clock' in setTimeout ||
  // It is looked at and not called.
  // eslint-disable-next-line @typescript-eslint/unbound-method
  'clock' in process.nextTick ||
  'clock' in Date;

export interface Clock {
  /** The time now. It never goes back. */
  now(): number;
  /** Calls back once, at `time` or soon after; at the next turn if that is past. */
  wakeAt(time: number, wake: () => void): Timer;
  /** Lets other work of the event loop run for one turn. */
  turn(): Promise<void>;
}

export interface Timer {
  cancel(): void;
}

/** The clock jumps to the machine's when that was ahead by so much for so long. */
const follow = { aheadMs: 1000, forMs: 60_000 };

/** The longest timer, since a jump of the clock does not move timers. */
const maxDelayMs = 30_000;

/**
 * The wall clock: it starts with the machine's time and then follows the machine's monotonic clock, so
 * that it does not jump when somebody sets the machine's clock.
 *
 * A monotonic clock may stop while the machine sleeps. The machine's clock is then ahead and stays ahead.
 * So this clock jumps to it after it was ahead by a second, at every look, for a minute. It also follows a
 * machine's clock that is wrong for longer, and does not go back when that is corrected.
 */
export function wallClock(machine = machineClocks): Clock {
  let offset = machine.wall() - machine.monotonic();
  let latest = 0;
  let aheadSince = Infinity;
  const now = (): number => {
    const elapsed = machine.monotonic();
    const ahead = machine.wall() - (offset + elapsed);
    aheadSince = ahead < follow.aheadMs ? Infinity : Math.min(aheadSince, elapsed);
    if (elapsed - aheadSince >= follow.forMs) {
      offset += ahead;
      aheadSince = Infinity;
    }
    return (latest = Math.max(latest, Math.floor(offset + elapsed)));
  };
  return {
    now,
    wakeAt(time, wake) {
      let timer: NodeJS.Timeout;
      const wait = (): void => {
        timer = setTimeout(ring, Math.min(Math.max(time - now(), 0), maxDelayMs));
        // Only the listening socket keeps the process alive.
        timer.unref();
      };
      const ring = (): void => {
        if (now() < time) wait();
        else wake();
      };
      wait();
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

/** In milliseconds. */
const machineClocks = {
  /** Since the epoch, by the machine's clock. */
  wall: () => NodeDate.now(),
  /** Since an unspecified moment. */
  monotonic: () => nodePerformance.now(),
};

/** Milliseconds since an unspecified moment, with fractions. Measures how long something takes. */
export const stopwatch = (): number => nodePerformance.now();

/** Resolves after so many milliseconds. Keeps the process alive until then. */
export const sleep = (duration: number): Promise<void> =>
  new Promise((resolve) => {
    setTimeout(resolve, duration);
  });

/** A workspace's clock, relative to the wall clock. */
export type WorkspaceClock = StandingClock | RunningClock;

/** Stands still at `time`. */
interface StandingClock {
  readonly mode: 'manual';
  readonly time: number;
}

/** Was at `time` when the wall clock was at `anchor`; goes `speed` times as fast since. */
export interface RunningClock {
  readonly mode: 'real';
  readonly time: number;
  readonly anchor: number;
  readonly speed: number;
}

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

/** A clock that runs from `time` on, `speed` times as fast as the wall clock. */
export const runningFrom = (time: number, wall: number, speed: number): RunningClock => ({
  mode: 'real',
  time,
  speed,
  anchor: wall,
});

/** The latest time, well below the latest that a Date can hold. */
export const latestTime = 8e15;

/**
 * Reads a moment: milliseconds since the epoch, or a date and time as in RFC 3339.
 * @returns undefined if it is no moment, or later than the latest time.
 */
export function parseMoment(moment: string | number): number | undefined {
  // In a query, a number arrives as text.
  const isNumber = typeof moment === 'number' || /^\d+$/.test(moment);
  const time = isNumber ? Number(moment) : parseDateTime(moment);
  return Number.isInteger(time) && time >= 0 && time <= latestTime ? time : undefined;
}

/** NaN if the text is no date and time. */
function parseDateTime(text: string): number {
  const [, day] = /^(\d{4}-\d\d-\d\d)T\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:\d\d)$/.exec(text) ?? [];
  if (day === undefined || Number.isNaN(Date.parse(day))) return NaN;
  // Node reads the 31st of February as the 3rd of March, so compare the day.
  return new Date(day).toISOString().startsWith(day) ? Date.parse(text) : NaN;
}
