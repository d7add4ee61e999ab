import { vi } from 'vitest';
import type * as answerSizes from '../../src/domain/requests/answer-sizes.js';

type Sizes = typeof answerSizes;

/** The sizes of large answers divided by a number, for `vi.mock`: what is large takes long to make. */
export async function smallAnswers(divisor: number): Promise<Sizes> {
  const path = '../../src/domain/requests/answer-sizes.js';
  const sizes = await vi.importActual<Sizes>(path);
  const divided = Object.entries(sizes).map(([name, size]) => [name, size / divisor]);
  return Object.fromEntries(divided) as Sizes;
}
