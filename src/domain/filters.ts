import type { components } from '../contract/retell.gen.js';

type Schemas = components['schemas'];

type KeyedFilter = Schemas['KeyedFilter'];
type NumberFilter = Schemas['NumberOrRangeFilter'];
type TextFilter = Schemas['StringFilter'] | Schemas['EnumFilter'];

export type Values = Readonly<Record<string, unknown>>;

const textComparisons = {
  eq: (text: string, value: string) => text === value,
  ne: (text: string, value: string) => text !== value,
  sw: (text: string, value: string) => text.startsWith(value),
  ew: (text: string, value: string) => text.endsWith(value),
  co: (text: string, value: string) => text.includes(value),
};

const numberComparisons = {
  eq: (number: number, value: number) => number === value,
  ne: (number: number, value: number) => number !== value,
  gt: (number: number, value: number) => number > value,
  ge: (number: number, value: number) => number >= value,
  lt: (number: number, value: number) => number < value,
  le: (number: number, value: number) => number <= value,
};

/** What is not known passes no filter but `ne`, which it differs from. */
export const passesText = (text: string | undefined, filter: TextFilter | undefined): boolean => {
  if (filter === undefined) return true;
  if (text === undefined) return filter.op === 'ne';
  return filter.type === 'enum'
    ? filter.value.includes(text)
    : textComparisons[filter.op](text, filter.value);
};

export const passesNumber = (
  number: number | undefined,
  filter: NumberFilter | undefined,
): boolean => {
  if (filter === undefined) return true;
  if (number === undefined) return filter.op === 'ne';
  return filter.type === 'range'
    ? number >= (filter.value[0] ?? 0) && number <= (filter.value[1] ?? 0)
    : numberComparisons[filter.op](number, filter.value);
};

export const passesFlag = (
  flag: boolean | undefined,
  filter: { readonly value: boolean } | undefined,
): boolean => filter === undefined || flag === filter.value;

export const isOneOf = (
  value: string | undefined,
  filter: { readonly value: readonly string[] } | undefined,
): boolean => filter === undefined || (value !== undefined && filter.value.includes(value));

/** A filter without a key asks for any of the values. */
export function passesKeyed(values: Values, filters: readonly KeyedFilter[] | undefined): boolean {
  return (filters ?? []).every((filter) => {
    const { key } = filter;
    const candidates =
      key === undefined ? Object.values(values) : Object.hasOwn(values, key) ? [values[key]] : [];
    const present = candidates.filter((value) => value !== undefined && value !== null);
    if (filter.type === 'present')
      return filter.op === 'pr' ? present.length > 0 : present.length === 0;
    if (present.length === 0) return filter.op === 'ne';
    return present.some((value) => passesValue(value, filter));
  });
}

function passesValue(
  value: unknown,
  filter: Exclude<KeyedFilter, { readonly type: 'present' }>,
): boolean {
  switch (filter.type) {
    case 'string':
    case 'enum':
      return passesText(textOf(value), filter);
    case 'boolean':
      return value === filter.value || value === String(filter.value);
    // Dynamic variables are texts, of numbers too.
    case 'number':
    case 'range':
      return passesNumber(numberOf(value), filter);
  }
}

const textOf = (value: unknown): string =>
  typeof value === 'string' ? value : JSON.stringify(value);

const numberOf = (value: unknown): number | undefined => {
  const number = typeof value === 'string' && value.trim() !== '' ? Number(value) : value;
  return typeof number === 'number' && Number.isFinite(number) ? number : undefined;
};

/** The times of a start that a filter leaves, as far as an index can tell. */
export function startBounds(filter: { readonly start_timestamp?: NumberFilter }): {
  readonly from: number;
  readonly to: number;
} {
  const most = Number.MAX_SAFE_INTEGER;
  const { start_timestamp: start } = filter;
  if (start === undefined) return { from: -most, to: most };
  if (start.type === 'range') {
    const [from = -most, to = most] = start.value;
    return { from: Math.max(from, -most), to: Math.min(to, most) };
  }
  const { op, value } = start;
  return {
    from: ['eq', 'gt', 'ge'].includes(op) ? value : -most,
    to: ['eq', 'lt', 'le'].includes(op) ? value : most,
  };
}
