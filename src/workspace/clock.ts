/**
 * The only place where time is read or waited for. All times are integer milliseconds
 * since the epoch.
 */
export interface Clock {
  /** The time now; never less than what it answered before. */
  now(): number;
  /** Calls back once, at `time` or soon after; at the next turn if that is past. */
  wakeAt(time: number, wake: () => void): Timer;
  /** Gives other work on the event loop a turn. */
  turn(): Promise<void>;
}

export interface Timer {
  cancel(): void;
}

/** How far the machine's clock must be ahead, and for how long, until time follows it. */
const follow = { aheadMs: 1000, forMs: 60_000 };

/** How long to wait before looking again whether time has followed the machine's clock meanwhile. */
const longestDelay = 30_000;

/**
 * The wall clock: the machine's time at the start, and from then on that of its monotonic clock. So it
 * goes on, and no faster, while somebody sets the machine's clock.
 *
 * A monotonic clock may stand still while the machine sleeps. The machine's clock is ahead then, and
 * stays so: time follows it once it was ahead by a second at every look for a minute. It follows a
 * clock that is wrong for longer, too, and goes on from there when that is set back.
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
        timer = setTimeout(ring, Math.min(Math.max(time - now(), 0), longestDelay));
        // The socket keeps the process alive, not the work that it may still be given.
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
  /** Since the epoch, as the machine has it. */
  wall: () => Date.now(),
  /** Since some moment. */
  monotonic: () => performance.now(),
};

/** Milliseconds since some moment, with fractions: to measure how long something takes. */
export const stopwatch = (): number => performance.now();

/** Resolves after so many milliseconds, for which it keeps the process alive. */
export const sleep = (duration: number): Promise<void> =>
  new Promise((resolve) => {
    setTimeout(resolve, duration);
  });

/** A workspace's own time, made of the wall clock's. */
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

/** Goes with the wall clock from now on, `speed` times as fast; no time is lost or repeated. */
export const runningFrom = (time: number, wall: number, speed: number): RunningClock => ({
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
