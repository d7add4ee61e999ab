import { describe, expect, it } from 'vitest';
import { wallClock } from '../../src/workspace/clock.js';
import { newYear } from '../support/manual-clock.js';

const day = 24 * 3_600_000;

/** A machine whose two clocks are moved by hand. */
function arrange() {
  const machine = { wallTime: newYear, elapsed: 5000.25 };
  const clock = wallClock({ wall: () => machine.wallTime, monotonic: () => machine.elapsed });
  return {
    clock,
    pass: (duration: number): number => {
      machine.wallTime += duration;
      machine.elapsed += duration;
      return clock.now();
    },
    /** Only the wall clock moves: somebody sets it, or the machine sleeps. */
    set: (change: number): number => {
      machine.wallTime += change;
      return clock.now();
    },
  };
}

describe('the wall clock', () => {
  it('begins with the time of the machine and continues with it', () => {
    const { clock, pass } = arrange();
    expect(clock.now()).toBe(newYear);
    expect(pass(1500)).toBe(newYear + 1500);
  });

  it('continues as before while the clock of the machine is wrong', () => {
    const { pass, set } = arrange();
    expect(set(10 * day)).toBe(newYear);
    expect(pass(30_000)).toBe(newYear + 30_000);
    set(-10 * day);
    expect(pass(100_000)).toBe(newYear + 130_000);
    set(-day);
    expect(pass(200_000)).toBe(newYear + 330_000);
  });

  it('follows a clock that was ahead for a minute, as after the machine has slept', () => {
    const { pass, set } = arrange();
    set(8 * 3_600_000);
    pass(30_000);
    expect(pass(29_999)).toBe(newYear + 59_999);
    expect(pass(1)).toBe(newYear + 8 * 3_600_000 + 60_000);
    expect(pass(1000)).toBe(newYear + 8 * 3_600_000 + 61_000);
  });

  it('continues from its own time after it followed a wrong clock', () => {
    const { pass, set } = arrange();
    set(10 * day);
    pass(60_000);
    expect(set(-10 * day)).toBe(newYear + 10 * day + 60_000);
    expect(pass(1000)).toBe(newYear + 10 * day + 61_000);
  });
});
