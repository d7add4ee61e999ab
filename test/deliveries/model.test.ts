import { rmSync } from 'node:fs';
import { join } from 'node:path';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { openEmulator } from '../../src/emulator.js';
import { buildApp } from '../../src/http/app.js';
import { keyedChance } from '../../src/random.js';
import { place, plainCalls } from '../support/calls.js';
import { advance } from '../support/control.js';
import { webhookOf } from '../support/deliveries.js';
import { defaultSettings, TestClient, thisMachine } from '../support/emulator.js';
import { temporaryFolder } from '../support/files.js';
import { ManualClock, newYear } from '../support/manual-clock.js';
import { startReceiver } from '../support/receiver.js';

type Step =
  | { readonly kind: 'create'; readonly isBusy: boolean }
  | { readonly kind: 'advance'; readonly by: number }
  | { readonly kind: 'stop' | 'delete'; readonly pick: number }
  | { readonly kind: 'restart' };

const steps: fc.Arbitrary<Step[]> = fc.array(
  fc.oneof(
    {
      weight: 3,
      arbitrary: fc.record({ kind: fc.constant('create' as const), isBusy: fc.boolean() }),
    },
    {
      weight: 4,
      arbitrary: fc.record({
        kind: fc.constant('advance' as const),
        by: fc.integer({ min: 1, max: 9000 }),
      }),
    },
    {
      weight: 2,
      arbitrary: fc.record({
        kind: fc.constantFrom('stop' as const, 'delete' as const),
        pick: fc.nat({ max: 4 }),
      }),
    },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant('restart' as const) }) },
  ),
  { minLength: 4, maxLength: 14 },
);

const retries = 2;

/** Whether the receiver takes an attempt; the same for the model. */
type Takes = (call: number, event: string, attempt: number) => boolean;

/** A call as somebody thinks of it who only reads the documentation. Times from the start on. */
class ModelCall {
  readonly number: number;
  readonly createdAt: number;
  readonly isBusy: boolean;
  endsAt: number;
  deletedAt = Infinity;

  constructor(number: number, createdAt: number, isBusy: boolean) {
    this.number = number;
    this.createdAt = createdAt;
    this.isBusy = isBusy;
    this.endsAt = createdAt + (isBusy ? 1000 : 11_000);
  }

  get connectsAt(): number {
    return this.isBusy ? Infinity : this.createdAt + 1000;
  }

  isOngoing(now: number): boolean {
    return this.deletedAt > now && now >= this.connectsAt && now < this.endsAt;
  }

  /** All attempts that were due by now. */
  attempts(now: number, takes: Takes): string[] {
    const events: [string, number][] = [
      ['call_started', this.connectsAt],
      ['call_ended', this.endsAt],
      ['call_analyzed', this.endsAt + 2000],
    ];
    return events
      .filter(([, at]) => at <= Math.min(now, this.deletedAt))
      .flatMap(([event, at]) => {
        const made: string[] = [];
        for (const [index, after] of [0, 1000, 3000].slice(0, retries + 1).entries()) {
          if (at + after > now) break;
          made.push(`${String(this.number)} ${event} ${String(index)}`);
          if (takes(this.number, event, index)) break;
        }
        return made;
      });
  }
}

describe('webhooks of calls', () => {
  it('are what a small model says, whatever is done, and however the receiver fails', async () => {
    const folder = temporaryFolder();
    /** Of the present run. */
    let present = { takes: (() => true) as Takes, ids: [] as string[], log: [] as string[] };
    const receiver = await startReceiver((request, response) => {
      const { event, call } = webhookOf(request);
      const number = present.ids.indexOf(call.call_id);
      const name = `${String(number)} ${event}`;
      const attempt = present.log.filter((entry) => entry.startsWith(`${name} `)).length;
      present.log.push(`${name} ${String(attempt)}`);
      response.writeHead(present.takes(number, event, attempt) ? 204 : 500).end();
    });
    const check = async (given: Step[], seed: number): Promise<void> => {
      const chance = keyedChance(String(seed));
      const takes: Takes = (...key) => chance(...key) < 0.5;
      present = { takes, ids: [], log: [] };
      const database = join(folder, 'model.sqlite');
      for (const suffix of ['', '-wal', '-shm']) rmSync(database + suffix, { force: true });
      const clock = new ManualClock();
      const errors: unknown[] = [];
      const open = () => {
        const emulator = openEmulator({
          ...{ database, clock, onError: (error: unknown) => errors.push(error) },
          settings: {
            ...{ ...defaultSettings, ...plainCalls, concurrencyLimit: 1000 },
            ...{ webhookUrl: receiver.url, webhookRetries: retries },
          },
          initialClock: () => ({ mode: 'manual', time: newYear }),
        });
        const access = { apiKeys: [], validateResponses: false, controlAccess: thisMachine };
        const app = buildApp({ emulator, ...access });
        return { emulator, app, client: new TestClient(app, 'key_a', emulator) };
      };
      let running = open();
      const calls: ModelCall[] = [];
      let now = 0;
      const pass = async (by: number): Promise<void> => {
        now += by;
        await advance(running.client, `${String(by)}ms`);
        const expected = calls.flatMap((call) => call.attempts(now, takes));
        expect(present.log.toSorted()).toEqual(expected.sort());
      };
      for (const step of given) {
        const call = 'pick' in step ? calls[step.pick] : undefined;
        const path = String(call && present.ids[call.number]);
        if (step.kind === 'create') {
          const to_number = step.isBusy ? '+12137779001' : '+12137774445';
          calls.push(new ModelCall(calls.length, now, step.isBusy));
          present.ids.push((await place(running.client, { to_number })).call_id);
        } else if (step.kind === 'advance') {
          await pass(step.by);
        } else if (step.kind === 'restart') {
          await running.app.close();
          running.emulator.close();
          running = open();
        } else if (call !== undefined && step.kind === 'stop') {
          const isOngoing = call.isOngoing(now);
          const url = `/v2/stop-call/${path}`;
          const { status } = await running.client.send({ method: 'POST', url });
          expect(status === 204).toBe(isOngoing);
          if (isOngoing) call.endsAt = now;
        } else if (call?.deletedAt === Infinity) {
          await running.client.call('DELETE', `/v2/delete-call/${path}`);
          call.deletedAt = now;
        }
        await pass(0);
      }
      await pass(60_000);
      expect(running.emulator.store.deliveries.listWorkspaces()).toEqual([]);
      await running.app.close();
      running.emulator.close();
      expect(errors).toEqual([]);
      expect(clock.alarmCount).toBe(0);
    };
    await fc.assert(fc.asyncProperty(steps, fc.nat(), check), { numRuns: 12 });
  });
});
