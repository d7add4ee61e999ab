import { describe, expect, it } from 'vitest';
import { createSharedTimer } from '../../src/simulation/clockwork/shared-timer.js';
import { ManualClock, newYear } from '../support/manual-clock.js';

function arrange(during: () => Promise<void> = () => Promise.resolve()) {
  const clock = new ManualClock();
  const calls: number[] = [];
  const timer = createSharedTimer(clock, async () => {
    calls.push(clock.now() - newYear);
    await during();
  });
  return { clock, calls, timer };
}

describe('a shared timer', () => {
  it('calls back once, at the first of the scheduled times', async () => {
    const { clock, calls, timer } = arrange();
    for (const time of [30, 10, 20, Infinity]) timer.scheduleBy(newYear + time);
    await clock.advance(100);
    expect(calls).toEqual([10]);
  });

  it('does not call back before the time it was postponed to', async () => {
    const { clock, calls, timer } = arrange();
    timer.scheduleBy(newYear + 10);
    timer.postponeUntil(newYear + 50);
    timer.scheduleBy(newYear + 20);
    await clock.advance(100);
    timer.scheduleBy(newYear + 110);
    await clock.advance(100);
    expect(calls).toEqual([50, 110]);
  });

  it('does not call back during a call', async () => {
    let finish = (): void => undefined;
    const { clock, calls, timer } = arrange(
      () =>
        new Promise((resolve) => {
          finish = resolve;
        }),
    );
    timer.scheduleBy(newYear + 10);
    await clock.advance(10);
    timer.scheduleBy(newYear + 20);
    await clock.advance(10);
    expect(calls).toEqual([10]);
    finish();
    await clock.turn();
    timer.scheduleBy(newYear + 30);
    await clock.advance(10);
    expect(calls).toEqual([10, 30]);
  });

  it('does not call back after it was stopped', async () => {
    const { clock, calls, timer } = arrange();
    timer.scheduleBy(newYear + 10);
    timer.stop();
    timer.scheduleBy(newYear + 20);
    await clock.advance(100);
    expect(calls).toEqual([]);
  });
});
