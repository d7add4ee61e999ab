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
