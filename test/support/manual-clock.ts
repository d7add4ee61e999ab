import { setImmediate as turn } from 'node:timers/promises';
import type { Clock } from '../../src/workspace/clock.js';

/** 2026-01-01T00:00:00Z */
export const newYear = 1_767_225_600_000;

/** A clock that stands still until it is moved. */
export class ManualClock implements Clock {
  #now: number;
  readonly #alarms = new Set<{ time: number; wake: () => void }>();

  constructor(now = newYear) {
    this.#now = now;
  }

  now(): number {
    return this.#now;
  }

  wakeAt(time: number, wake: () => void) {
    const alarm = { time, wake };
    this.#alarms.add(alarm);
    return { cancel: () => void this.#alarms.delete(alarm) };
  }

  turn(): Promise<void> {
    return turn();
  }

  /** Sets the time without waking anyone, as if every alarm were late. */
  jump(duration: number): void {
    this.#now += duration;
  }

  /** Lets time pass: every alarm on the way rings in its moment. */
  async advance(duration: number): Promise<void> {
    const end = this.#now + duration;
    for (let next = this.#next(end); next !== undefined; next = this.#next(end)) {
      this.#alarms.delete(next);
      this.#now = Math.max(this.#now, next.time);
      next.wake();
      await turn();
    }
    this.#now = end;
  }

  /** How many alarms are set. */
  get alarmCount(): number {
    return this.#alarms.size;
  }

  #next(end: number) {
    const [next] = [...this.#alarms].sort((a, b) => a.time - b.time);
    return next !== undefined && next.time <= end ? next : undefined;
  }
}
