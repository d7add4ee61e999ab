import { nearestOf } from '../nearest.js';
import { loadContract, type ContractOperation } from './document.js';
import { vendorOperations } from './vendor-operations.gen.js';

/** An operation that the vendor has, or once had. */
interface VendorOperation {
  /** `GET /v2/get-call/*` */
  readonly key: string;
  /** The name in the SDK, such as `call.retrieve`. */
  readonly name: string;
  /** The last release of the SDK that has the operation; undefined if the newest one has it. */
  readonly retiredAfter: string | undefined;
  /** The operation that the newest release of the SDK uses instead. */
  readonly replacement: string | undefined;
}

interface PathIndex {
  readonly operations: readonly (VendorOperation & { readonly pattern: RegExp })[];
  /** The paths of the vendor's operations that are not in the contract, up to their first parameter. */
  readonly foreignPrefixes: readonly string[];
  /** The operations that the emulator or the vendor has: suggestions for a wrong path. */
  readonly keys: readonly { readonly key: string; readonly words: readonly string[] }[];
  readonly vocabulary: ReadonlySet<string>;
  /** The newest version of each path, by the path without its version: `list-calls` → 3. */
  readonly versions: ReadonlyMap<string, number>;
}

let pathIndex: PathIndex | undefined;

/** The release of the SDK whose operations the contract knows. */
export const newestRelease = (): string =>
  vendorOperations.reduce((last, row) => (row[3] > last ? row[3] : last), '');

/** Computed at the first request that no route takes. Most processes never get one. */
function buildPathIndex(): PathIndex {
  const newest = newestRelease();
  const operations = vendorOperations.map(([key, name, , last, replacement]) => ({
    ...{ key, name, replacement },
    retiredAfter: last === newest ? undefined : last,
    pattern: new RegExp(`^${key.replaceAll('*', '[^/]+')}$`),
  }));
  const toKey = ({ method, path }: ContractOperation) =>
    `${method.toUpperCase()} ${path.replaceAll(/\{\w+\}/g, '*')}`;
  const contract = loadContract('retell').operations;
  const deprecated = contract.filter(({ successor }) => successor !== undefined).map(toKey);
  const current = operations.filter(({ retiredAfter }) => retiredAfter === undefined);
  const offered = [...contract.map(toKey), ...current.map(({ key }) => key)];
  const keys = [...new Set(offered)]
    .filter((key) => !deprecated.includes(key))
    .map((key) => ({ key, words: wordsOf(key.slice(key.indexOf('/')), () => true) }));
  const vocabulary = new Set(keys.flatMap(({ words }) => words));
  const versions = new Map<string, number>();
  for (const { key } of keys) {
    const { name, version } = versionOf(key.slice(key.indexOf('/')));
    versions.set(name, Math.max(version, versions.get(name) ?? 1));
  }
  const prefixOf = (key: string) => key.slice(key.indexOf('/')).replace(/\/\*.*$/, '');
  const served = new Set(contract.map(toKey).map(prefixOf));
  const foreignPrefixes = operations
    .map(({ key }) => prefixOf(key))
    .filter((prefix) => !served.has(prefix));
  return { operations, foreignPrefixes, keys, vocabulary, versions };
}

/** `/v2/get-call/x` is version 2 of `get-call`. A path without a version has version 1. */
function versionOf(path: string): { name: string; version: number } {
  const [, version = '1', name = ''] = /^\/(?:v(\d+)\/)?([^/]*)/.exec(path) ?? [];
  return { name, version: Number(version) };
}

/**
 * True for a newer version of a path that has versions, such as `/v4/list-calls`, because the vendor often
 * adds some. False for `/v2/get-agent/x`, because clients put `/v2` before paths that never had a version.
 */
export function isNewer(path: string): boolean {
  pathIndex ??= buildPathIndex();
  const { name, version } = versionOf(path);
  const newest = pathIndex.versions.get(name) ?? 1;
  return newest > 1 && version > newest;
}

/**
 * True for the path of an operation that the vendor has and the emulator does not have, and for a path below
 * it, such as `/list-voices/x`. The emulator cannot know whether its method and the rest exist.
 */
export function isUnderVendorPath(path: string): boolean {
  pathIndex ??= buildPathIndex();
  return pathIndex.foreignPrefixes.some(
    (prefix) => path === prefix || path.startsWith(`${prefix}/`),
  );
}

/** Returns the vendor's operation for a request; undefined if the vendor has no such operation. */
export function findVendorOperation(method: string, path: string): VendorOperation | undefined {
  pathIndex ??= buildPathIndex();
  const requested = `${method} ${path}`;
  return pathIndex.operations.find(({ pattern }) => pattern.test(requested));
}

/**
 * Returns the operation that a request probably meant, such as `GET /get-agent/*`; undefined if none is
 * similar. Compares words and not letters: `/v2/agents/x` shares few letters with `/get-agent/*`, but means
 * it.
 */
export function nearestOperation(method: string, path: string): string | undefined {
  pathIndex ??= buildPathIndex();
  const { vocabulary, keys } = pathIndex;
  const asked = wordsOf(path, (word) => vocabulary.has(word)).map(
    (word) => synonyms[word] ?? nearWord(word, vocabulary),
  );
  const hasVerb = asked.some((word) => verbs.includes(word));
  const words = new Set(hasVerb ? asked : [...asked, impliedVerb(method, path)]);
  let nearest: string | undefined;
  // More than half of the words must be the same.
  let greatest = 0.52;
  for (const { key, words: others } of keys) {
    const shared = others.filter((word) => words.has(word));
    // A shared verb alone says nothing.
    if (shared.every((word) => verbs.includes(word))) continue;
    // Method and version only break ties, because a client with a wrong path often has them wrong, too.
    const [otherMethod, otherPath = ''] = key.split(' ');
    const sameMethod = otherMethod === method ? 0.01 : 0;
    const sameVersion = versionOf(otherPath).version === versionOf(path).version ? 0.005 : 0;
    const size = words.size + new Set(others).size;
    const likeness = (2 * shared.length) / size + sameMethod + sameVersion;
    if (likeness <= greatest) continue;
    nearest = key;
    greatest = likeness;
  }
  return nearest;
}

const verbs = ['get', 'list', 'create', 'update', 'delete', 'stop', 'publish', 'search', 'import'];

/** Words that clients use, and the vendor's words for them. */
const synonyms: Record<string, string> = {
  end: 'stop',
  hangup: 'stop',
  cancel: 'stop',
  fetch: 'get',
  retrieve: 'get',
  read: 'get',
  remove: 'delete',
  edit: 'update',
  patch: 'update',
  add: 'create',
  new: 'create',
  kb: 'knowledge',
  flow: 'conversation',
};

function impliedVerb(method: string, path: string): string {
  if (method === 'GET') return segmentsOf(path).length > 1 ? 'get' : 'list';
  return { DELETE: 'delete', PATCH: 'update', PUT: 'update' }[method] ?? 'create';
}

/** The segments of a path without its version, `*` and empty ones. */
const segmentsOf = (path: string): string[] =>
  path.split('/').filter((part) => !/^(v\d+|api|\*)?$/.test(part));

/**
 * The words of a path in the singular: all words of its first segment, and known words of the others, which
 * may be ids.
 */
function wordsOf(path: string, isWord: (word: string) => boolean): string[] {
  const [first = '', ...others] = segmentsOf(path);
  const split = (segment: string) => segment.toLowerCase().split(/[-_]/).map(singular);
  return [...split(first), ...others.flatMap((part) => split(part).filter(isWord))];
}

const singular = (word: string): string => (/[^s]s$/.test(word) ? word.slice(0, -1) : word);

/** Returns a word of the vocabulary with almost the same spelling, or else the word itself. */
function nearWord(word: string, vocabulary: ReadonlySet<string>): string {
  if (vocabulary.has(word) || word.length < 5) return word;
  const similar = [...vocabulary].filter(
    (other) => other.startsWith(word.charAt(0)) && Math.abs(other.length - word.length) <= 2,
  );
  return nearestOf(word, similar) ?? word;
}
