import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  afterAttempt,
  newDelivery,
  type DeliveryProgress,
} from '../../src/domain/webhooks/delivery.js';
import { createSlots } from '../../src/outbound/slots.js';

const policy = fc.record({
  retries: fc.nat({ max: 10 }),
  firstPause: fc.nat({ max: 60_000 }),
});
const answer = fc.option(fc.integer({ min: 100, max: 599 }), { nil: undefined });

describe('a delivery', () => {
  it('is tried until it is accepted, and so often as the policy says', () => {
    fc.assert(
      fc.property(policy, fc.array(answer, { minLength: 11 }), (rules, answers) => {
        let progress: DeliveryProgress = newDelivery(0);
        const times: number[] = [];
        for (const status of answers) {
          if (progress.state !== 'waiting') break;
          times.push(progress.dueAt);
          progress = afterAttempt(progress.attempts, status, progress.dueAt, rules);
        }
        // An independent model: the first 2xx among as many answers as there may be attempts.
        const heard = answers.slice(0, rules.retries + 1);
        const first = heard.findIndex((status) => String(status).startsWith('2'));
        const attempts = first === -1 ? rules.retries + 1 : first + 1;
        expect(progress).toEqual({ state: first === -1 ? 'failed' : 'delivered', attempts });
        expect(times).toHaveLength(attempts);
        const pauses = times.slice(1).map((time, index) => time - (times[index] ?? 0));
        expect(pauses).toEqual(pauses.map((_, index) => rules.firstPause * 2 ** index));
      }),
    );
  });
});

describe('slots', () => {
  it('bound what a workspace has under way, and hold up nobody else', () => {
    const step = fc.record({
      workspace: fc.nat({ max: 2 }),
      origin: fc.constantFrom('a', 'b', 'c'),
      takes: fc.boolean(),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
        const slots = createSlots({ workspace: 6, origin: 4 });
        const held: { workspace: number; origin: string }[] = [];
        const count = (workspace: number, origin?: string) =>
          held.filter((one) => one.workspace === workspace && (origin ?? one.origin) === one.origin)
            .length;
        for (const { workspace, origin, takes } of steps) {
          if (takes) {
            const isFree = count(workspace) < 6 && count(workspace, origin) < 4;
            expect(slots.take(workspace, origin)).toBe(isFree);
            if (isFree) held.push({ workspace, origin });
          } else {
            const index = held.findIndex(
              (one) => one.workspace === workspace && one.origin === origin,
            );
            if (index === -1) continue;
            held.splice(index, 1);
            slots.release(workspace, origin);
          }
          expect(slots.taken(workspace)).toBe(count(workspace));
          for (const name of ['a', 'b', 'c']) {
            const isFree = count(workspace) < 6 && count(workspace, name) < 4;
            expect(slots.isFree(workspace, name)).toBe(isFree);
          }
        }
      }),
    );
  });
});
