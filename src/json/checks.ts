/**
 * The most levels of arrays and objects in JSON. Real flows have about 15. SQLite's JSON functions take
 * 1,000, and recursive JavaScript a few thousand.
 */
export const maxLevels = 100;

/** The same for fixtures, which hold the content of bodies some levels deeper. */
export const maxFixtureLevels = 110;

/** The most characters of a path in an error. */
const maxPathLength = 200;

/**
 * Finds the first part of a value that could not be stored as JSON and returned unchanged, as in
 * `body/a/0 must not …`; undefined if there is none. JSON and YAML may be too deep for recursive code, and
 * objects of the library's user may contain themselves.
 * @param root the value's name in the message.
 * @param levels the most levels that it may have.
 */
export function findUnusable(root: string, value: unknown, levels = maxLevels): string | undefined {
  const found = find(value, levels);
  if (found === undefined) return undefined;
  const path = root + found.path.toReversed().join('');
  const shown = path.length <= maxPathLength ? path : `${path.slice(0, maxPathLength)}…`;
  const problem =
    found.problem === 'depth'
      ? `must not be nested more than ${String(levels)} levels deep`
      : found.problem;
  return `${shown.toWellFormed()} ${problem}`.trim();
}

interface Unusable {
  readonly problem: string;
  /** The names of the path, the innermost first. */
  readonly path: string[];
}

const unusable = (problem: string): Unusable => ({ problem, path: [] });

/** @param levels the most levels that the value may have. */
function find(value: unknown, levels: number): Unusable | undefined {
  switch (typeof value) {
    case 'string':
      return value.isWellFormed() ? undefined : unusable('must not have half a surrogate pair');
    case 'number':
      // JSON.parse returns Infinity for 1e400.
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

/** Hot path: every body passes through here. */
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
