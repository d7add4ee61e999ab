import type { Timer, Clock } from '../../workspace/clock.js';

/**
 * One timer for all workspaces: it calls back at the first of the times asked for. It does not call back
 * again while that call is under way, so the callback schedules it again at its end.
 */
export interface SharedTimer {
  /** Calls back at this time of the wall clock, if not before; never, if it is Infinity. */
  scheduleBy(time: number): void;
  /** Calls back at this time, and not before, whatever is asked for meanwhile. */
  postponeUntil(time: number): void;
  /** Never calls back again. */
  stop(): void;
}

export function createSharedTimer(clock: Clock, onDue: () => Promise<void>): SharedTimer {
  let timer: (Timer & { readonly time: number }) | undefined;
  let notBefore = -Infinity;
  let calling = false;
  let stopped = false;
  const set = (time: number): void => {
    timer?.cancel();
    const wake = () => {
      timer = undefined;
      if (calling) return;
      calling = true;
      void onDue().finally(() => {
        calling = false;
      });
    };
    timer = stopped ? undefined : { time, ...clock.wakeAt(time, wake) };
  };
  return {
    scheduleBy(asked) {
      const time = Math.max(asked, notBefore);
      if (time !== Infinity && (timer === undefined || time < timer.time)) set(time);
    },
    postponeUntil(time) {
      notBefore = time;
      set(time);
    },
    stop() {
      stopped = true;
      timer?.cancel();
    },
  };
}
