import { describe, expect, it } from 'vitest';
import {
  fictionalNumberAt,
  fictionalNumbers,
  isE164,
} from '../../src/domain/calls/phone-number.js';

describe('numbers of fiction', () => {
  it('are all different, and E.164', () => {
    const all = Array.from({ length: fictionalNumbers }, (_, index) => fictionalNumberAt(index));
    expect(new Set(all).size).toBe(fictionalNumbers);
    expect(
      all.filter((number) => !isE164(number) || !/^\+1[2-9]\d\d55501\d\d$/.test(number)),
    ).toEqual([]);
  });
});
