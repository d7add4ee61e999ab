import { createHmac } from 'node:crypto';
import * as fc from 'fast-check';
import Retell from 'retell-sdk';
import Retell4 from 'retell-sdk-4';
import { describe, expect, it } from 'vitest';
import { sign } from '../../src/outbound/signature.js';

const key = fc.string({ minLength: 1, unit: 'grapheme' });
const body = fc
  .dictionary(fc.string({ unit: 'grapheme' }), fc.jsonValue({ stringUnit: 'grapheme' }))
  .map((value) => JSON.stringify(value));

const timeOf = (signature: string): number => Number(/^v=(\d+),/.exec(signature)?.[1]);

describe('a signature', () => {
  it('is what both generations of the SDK write for the same body, key and time', async () => {
    await fc.assert(
      fc.asyncProperty(body, key, async (text, secret) => {
        for (const theirs of [Retell4.sign(text, secret), await Retell.sign(text, secret)]) {
          expect(sign(text, secret, timeOf(theirs))).toBe(theirs);
        }
      }),
    );
  });

  it('is accepted by both generations of the SDK', async () => {
    await fc.assert(
      fc.asyncProperty(body, key, async (text, secret) => {
        const signature = sign(text, secret, Date.now());
        expect(Retell4.verify(text, secret, signature)).toBe(true);
        expect(await Retell.verify(text, secret, signature)).toBe(true);
      }),
    );
  });

  it('is accepted over a body that the receiver parsed and wrote again', async () => {
    await fc.assert(
      fc.asyncProperty(body, key, async (text, secret) => {
        const signature = sign(text, secret, Date.now());
        const again = JSON.stringify(JSON.parse(text));
        expect(Retell4.verify(again, secret, signature)).toBe(true);
        expect(await Retell.verify(again, secret, signature)).toBe(true);
      }),
    );
  });

  it('is refused with another body, key or time', async () => {
    const text = JSON.stringify({ event: 'call_ended' });
    const now = Date.now();
    const genuine = sign(text, 'key_a', now);
    const digest = createHmac('sha256', 'key_a')
      .update(`${text}${String(now)}`)
      .digest('hex');
    expect(genuine).toBe(`v=${String(now)},d=${digest}`);
    const others: [string, string, string][] = [
      [`${text} `, 'key_a', genuine],
      [text, 'key_b', genuine],
      [text, 'key_a', sign(text, 'key_a', now - 301_000)],
      [text, 'key_a', sign(text, 'key_a', now + 301_000)],
      [text, 'key_a', genuine.replace(`v=${String(now)}`, `v=${String(now + 1)}`)],
    ];
    for (const [otherBody, otherKey, signature] of others) {
      expect(Retell4.verify(otherBody, otherKey, signature)).toBe(false);
      expect(await Retell.verify(otherBody, otherKey, signature)).toBe(false);
    }
  });
});
