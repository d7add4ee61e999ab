import type { ContractOperation } from './document.js';
import { noteUnknownValue, type UnknownValue, type UnknownValuesPolicy } from './open-values.js';
import { pathInWhole, type ContractValidation } from './validation.js';

/** After so many values there is a pause. Each takes about 3 µs. */
const sliceSize = 3000;

/**
 * Checks a body of which any list may be long, such as fixtures, with pauses. The schema must require no
 * property, and must not relate one to another.
 * @param turn resolves when other work has run.
 * @throws ApiError 400 that names the path in the body and the problem.
 */
export async function checkBodyInSlices(
  validation: ContractValidation,
  operation: ContractOperation,
  body: unknown,
  policy: () => UnknownValuesPolicy,
  turn: () => Promise<void>,
): Promise<readonly UnknownValue[]> {
  if (typeof body !== 'object' || body === null) {
    return validation.checkBody(operation, body, policy);
  }
  const lists = Object.entries(body).filter(([, value]) => Array.isArray(value));
  const withoutLists = { ...body, ...Object.fromEntries(lists.map(([name]) => [name, []])) };
  const found = new Map<string, UnknownValue>();
  const note = (values: readonly UnknownValue[]): void => {
    for (const value of values) noteUnknownValue(found, value);
  };
  note(validation.checkBody(operation, withoutLists, policy));
  for (const [list, items] of lists as [string, unknown[]][]) {
    for (const [start, end] of slicesOf(items)) {
      const part = { list, start };
      const values = validation.checkBody(
        ...[operation, { [list]: items.slice(start, end) }, policy, part],
      );
      note(values.map((value) => ({ ...value, path: pathInWhole(value.path, part) })));
      if (end < items.length) await turn();
    }
  }
  return [...found.values()];
}

/** Ranges of items that have about as many values each. */
function* slicesOf(items: readonly unknown[]): Generator<[start: number, end: number]> {
  let [start, size] = [0, 0];
  for (const [index, item] of items.entries()) {
    size += sizeOf(item);
    if (size < sliceSize) continue;
    yield [start, index + 1];
    [start, size] = [index + 1, 0];
  }
  if (start < items.length) yield [start, items.length];
}

/** About how many values an item has. */
const sizeOf = (item: unknown): number =>
  Object.values(item ?? {}).reduce<number>(
    (sum, value) => sum + (Array.isArray(value) ? value.length : 1),
    1,
  );
