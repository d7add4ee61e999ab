import type { Alarm, Clock } from '../workspace/clock.js';

/** One alarm for many: it rings at the first of the times asked for, and must then be set anew. */
export interface SharedAlarm {
  /** Rings at this time of the wall clock, if not before; never, if it is Infinity. */
  setBy(time: number): void;
  /** Rings at this time, and not before. */
  putOff(time: number): void;
  /** Never rings again. */
  stop(): void;
}

export function sharedAlarm(clock: Clock, ring: () => void): SharedAlarm {
  let alarm: (Alarm & { readonly time: number }) | undefined;
  let stopped = false;
  const putOff = (time: number): void => {
    alarm?.cancel();
    const wake = () => {
      alarm = undefined;
      ring();
    };
    alarm = stopped ? undefined : { time, ...clock.wakeAt(time, wake) };
  };
  return {
    setBy(time) {
      if (time !== Infinity && (alarm === undefined || time < alarm.time)) putOff(time);
    },
    putOff,
    stop() {
      stopped = true;
      alarm?.cancel();
    },
  };
}
