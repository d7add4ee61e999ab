import { describe, expect, it } from 'vitest';
import { sharedAlarm } from '../../src/simulation/alarm.js';
import { ManualClock, newYear } from '../support/manual-clock.js';

function arrange(during: () => Promise<void> = () => Promise.resolve()) {
  const clock = new ManualClock();
  const rings: number[] = [];
  const alarm = sharedAlarm(clock, async () => {
    rings.push(clock.now() - newYear);
    await during();
  });
  return { clock, rings, alarm };
}

describe('a shared alarm', () => {
  it('rings at the first of the times asked for, once', async () => {
    const { clock, rings, alarm } = arrange();
    for (const time of [30, 10, 20, Infinity]) alarm.setBy(newYear + time);
    await clock.advance(100);
    expect(rings).toEqual([10]);
  });

  it('does not ring before the time that it was put off to, whatever is asked for', async () => {
    const { clock, rings, alarm } = arrange();
    alarm.setBy(newYear + 10);
    alarm.putOff(newYear + 50);
    alarm.setBy(newYear + 20);
    await clock.advance(100);
    alarm.setBy(newYear + 110);
    await clock.advance(100);
    expect(rings).toEqual([50, 110]);
  });

  it('does not ring while what it rang for goes on', async () => {
    let finish = (): void => undefined;
    const { clock, rings, alarm } = arrange(
      () =>
        new Promise((resolve) => {
          finish = resolve;
        }),
    );
    alarm.setBy(newYear + 10);
    await clock.advance(10);
    alarm.setBy(newYear + 20);
    await clock.advance(10);
    expect(rings).toEqual([10]);
    finish();
    await clock.turn();
    alarm.setBy(newYear + 30);
    await clock.advance(10);
    expect(rings).toEqual([10, 30]);
  });

  it('never rings once it was stopped', async () => {
    const { clock, rings, alarm } = arrange();
    alarm.setBy(newYear + 10);
    alarm.stop();
    alarm.setBy(newYear + 20);
    await clock.advance(100);
    expect(rings).toEqual([]);
  });
});
