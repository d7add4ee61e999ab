/**
 * How many levels of arrays and objects JSON may have. Real flows have some 15; SQLite's functions for
 * JSON take 1,000, and what recurses in JavaScript takes a few thousand.
 */
const mostLevels = 100;

/** The same for fixtures, which have what came in bodies some levels deeper. */
export const mostFixtureLevels = 110;

/** Names of any length must not fill the answer. */
const longestPlace = 200;

/**
 * Says what of a value could not be kept as JSON and given back as it came, as in
 * `body/a/0 must not …`; undefined if all of it could. For what JSON.parse or YAML made, which may be
 * deeper than what works on it can hold, and for objects of the library, which may contain themselves.
 * @param root what to call the value.
 * @param levels how many it may have.
 */
export function findUnusable(
  root: string,
  value: unknown,
  levels = mostLevels,
): string | undefined {
  const found = find(value, levels);
  if (found === undefined) return undefined;
  const place = root + found.path.toReversed().join('');
  const shown = place.length <= longestPlace ? place : `${place.slice(0, longestPlace)}…`;
  const problem =
    found.problem === 'depth'
      ? `must not be nested more than ${String(levels)} levels deep`
      : found.problem;
  return `${shown.toWellFormed()} ${problem}`.trim();
}

interface Unusable {
  readonly problem: string;
  /** The names that lead there, the innermost first. */
  readonly path: string[];
}

const unusable = (problem: string): Unusable => ({ problem, path: [] });

/** @param levels how many it may have. */
function find(value: unknown, levels: number): Unusable | undefined {
  switch (typeof value) {
    case 'string':
      return value.isWellFormed() ? undefined : unusable('must not have half a surrogate pair');
    case 'number':
      // JSON.parse makes Infinity of 1e400.
      return Number.isFinite(value) ? undefined : unusable('must be a number below 1.8e308');
    case 'object':
      return value === null ? undefined : findWithin(value, levels);
    case 'boolean':
    case 'undefined':
      return undefined;
    default:
      return unusable('must be JSON');
  }
}

/** Every request comes by here: `for … in` takes a third of the time of Object.entries. */
function findWithin(value: object, levels: number): Unusable | undefined {
  if (levels === 0) return unusable('depth');
  if (Array.isArray(value)) {
    for (let index = 0; index < value.length; index += 1) {
      const found = find(value[index], levels - 1);
      if (found !== undefined) return within(found, String(index));
    }
    return undefined;
  }
  for (const name in value) {
    const found = name.isWellFormed()
      ? find((value as Record<string, unknown>)[name], levels - 1)
      : unusable('must not have half a surrogate pair in its name');
    if (found !== undefined) return within(found, name);
  }
  return undefined;
}

function within(found: Unusable, name: string): Unusable {
  found.path.push(`/${name}`);
  return found;
}
