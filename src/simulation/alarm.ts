import type { Alarm, Clock } from '../workspace/clock.js';

/**
 * One alarm for many: it rings at the first of the times asked for. What it rings for must set it
 * anew at its end, because it does not ring meanwhile.
 */
export interface SharedAlarm {
  /** Rings at this time of the wall clock, if not before; never, if it is Infinity. */
  setBy(time: number): void;
  /** Rings at this time, and not before, whatever is asked for meanwhile. */
  putOff(time: number): void;
  /** Never rings again. */
  stop(): void;
}

export function sharedAlarm(clock: Clock, ring: () => Promise<void>): SharedAlarm {
  let alarm: (Alarm & { readonly time: number }) | undefined;
  let notBefore = -Infinity;
  let ringing = false;
  let stopped = false;
  const set = (time: number): void => {
    alarm?.cancel();
    const wake = () => {
      alarm = undefined;
      if (ringing) return;
      ringing = true;
      void ring().finally(() => {
        ringing = false;
      });
    };
    alarm = stopped ? undefined : { time, ...clock.wakeAt(time, wake) };
  };
  return {
    setBy(asked) {
      const time = Math.max(asked, notBefore);
      if (time !== Infinity && (alarm === undefined || time < alarm.time)) set(time);
    },
    putOff(time) {
      notBefore = time;
      set(time);
    },
    stop() {
      stopped = true;
      alarm?.cancel();
    },
  };
}
