import fc from 'fast-check';
import { afterAll, expect, it } from 'vitest';
import { callsOf, createBatch, tasksOf } from '../support/batch-calls.js';
import { callsOn, someCall } from '../support/calls.js';
import { advance } from '../support/control.js';
import { TestClient } from '../support/emulator.js';
import { newYear } from '../support/manual-clock.js';

const { app, emulator } = callsOn({}, { atEnd: afterAll });

interface Plan {
  readonly limit: number;
  readonly callsPerSecond: number;
  /** Seconds that each call takes, from dialling to its end. */
  readonly length: number;
  readonly batches: readonly {
    readonly tasks: number;
    /** Seconds from the beginning. */
    readonly trigger: number;
    readonly reserved: number;
  }[];
  /** Calls of another kind that are placed at the beginning. */
  readonly others: number;
}

/** When each batch dials, tick by tick: what an emulator without queues would do. */
function simulate({ limit, callsPerSecond, length, batches, others }: Plan): number[][] {
  const tick = 50;
  const interval = 1000 / callsPerSecond;
  const dialled: number[][] = batches.map(() => []);
  const isOver = (at: number, now: number): boolean => at + length * 1000 <= now;
  for (let now = 0; now < 400_000; now += tick) {
    const all = dialled.flat();
    const ofBatches = all.filter((at) => !isOver(at, now)).length;
    const ofOthers = isOver(0, now) ? 0 : others;
    const last = Math.max(-Infinity, ...all);
    if (last + interval > now) continue;
    const next = batches.findIndex(
      ({ tasks, trigger, reserved }, index) =>
        (dialled[index]?.length ?? 0) < tasks &&
        trigger * 1000 <= now &&
        ofBatches + ofOthers < limit &&
        (reserved === 0 || ofBatches < limit - reserved),
    );
    dialled[next]?.push(now);
  }
  return dialled;
}

const plans: fc.Arbitrary<Plan> = fc
  .record({
    limit: fc.integer({ min: 2, max: 5 }),
    callsPerSecond: fc.constantFrom(1, 2, 4),
    length: fc.integer({ min: 2, max: 12 }),
    batches: fc.array(
      fc.record({
        tasks: fc.integer({ min: 1, max: 6 }),
        trigger: fc.nat(20),
        reserved: fc.nat(1),
      }),
      { minLength: 1, maxLength: 3 },
    ),
    others: fc.nat(2),
  })
  .filter(({ others, limit }) => others <= limit);

it('batches dial when a simple model says so, and never more at once than there is room for', async () => {
  let keys = 0;
  await fc.assert(
    fc.asyncProperty(plans, async (plan) => {
      keys += 1;
      const client = new TestClient(app, `key_model_${String(keys)}`, emulator);
      const { limit: concurrencyLimit, callsPerSecond, length, batches, others } = plan;
      const talk = `${String(length - 1)}s`;
      await client.call('PATCH', '/_emulator/settings', {
        ...{ concurrencyLimit, callsPerSecond, ringDuration: '1s', callDuration: talk },
      });
      for (let count = 0; count < others; count += 1) {
        await client.call('POST', '/v2/create-phone-call', someCall);
      }
      const ids: string[] = [];
      for (const { tasks, trigger, reserved } of batches) {
        const { batch_call_id } = await createBatch(client, {
          ...{ tasks: tasksOf(tasks), reserved_concurrency: reserved },
          trigger_timestamp: newYear + trigger * 1000,
        });
        ids.push(batch_call_id);
      }
      await advance(client, { until: 'idle' });
      const found: number[][] = [];
      for (const id of ids) {
        const calls = await callsOf(client, id);
        // Each rings for a second.
        found.push(calls.map(({ start_timestamp: start = 0 }) => start - newYear - 1000));
      }
      expect(found).toEqual(simulate(plan));
    }),
    { numRuns: 25 },
  );
});
