import { nearestOf } from '../nearest.js';
import { loadContract, type ContractOperation } from './document.js';
import { vendorOperations } from './vendor-operations.gen.js';

/** An operation that the vendor has, or had. */
interface VendorOperation {
  /** `GET /v2/get-call/*` */
  readonly key: string;
  /** What it is called in the SDK, `call.retrieve`. */
  readonly name: string;
  /** The last release of the SDK that has it, if a newer one does not. */
  readonly retiredAfter: string | undefined;
  /** The operation that the SDK's newest release sends in its place. */
  readonly replacement: string | undefined;
}

interface Known {
  readonly operations: readonly (VendorOperation & { readonly pattern: RegExp })[];
  /** Paths, up to their first parameter, of the vendor's operations that are not in the contract. */
  readonly foreignPrefixes: readonly string[];
  /** Those that are served or that the vendor has: what a wrong path may have meant. */
  readonly keys: readonly { readonly key: string; readonly words: readonly string[] }[];
  readonly vocabulary: ReadonlySet<string>;
  /** The newest version of each path that has one, by the path without it: `list-calls` → 3. */
  readonly versions: ReadonlyMap<string, number>;
}

let known: Known | undefined;

/** Read at the first request that no route takes; most processes never get one. */
function readKnown(): Known {
  const newest = vendorOperations.reduce((last, row) => (row[3] > last ? row[3] : last), '');
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

/** `/v2/get-call/x` is version 2 of `get-call`; a path without a version is the first. */
function versionOf(path: string): { name: string; version: number } {
  const [, version = '1', name = ''] = /^\/(?:v(\d+)\/)?([^/]*)/.exec(path) ?? [];
  return { name, version: Number(version) };
}

/**
 * True for a newer version of a path that has one, such as `/v4/list-calls`: the vendor adds those all
 * the time. Not for `/v2/get-agent/x`: clients put `/v2` before paths that never had a version.
 */
export function isNewer(path: string): boolean {
  known ??= readKnown();
  const { name, version } = versionOf(path);
  const newest = known.versions.get(name) ?? 1;
  return newest > 1 && version > newest;
}

/**
 * True for a path of an operation that the vendor has and the emulator does not have, and for a path below
 * one, such as `/list-voices/x`: what is wrong with the method or the rest cannot be known here.
 */
export function isUnderVendorPath(path: string): boolean {
  known ??= readKnown();
  return known.foreignPrefixes.some((prefix) => path === prefix || path.startsWith(`${prefix}/`));
}

/** The vendor's operation that a request asks for, if it is one that the emulator may not have. */
export function findVendorOperation(method: string, path: string): VendorOperation | undefined {
  known ??= readKnown();
  const asked = `${method} ${path}`;
  return known.operations.find(({ pattern }) => pattern.test(asked));
}

/**
 * The operation that a request probably meant, as `GET /get-agent/*`; undefined if none is like it.
 * Compares words and not letters: `/v2/agents/x` has little of `/get-agent/*` but means it.
 */
export function nearestOperation(method: string, path: string): string | undefined {
  known ??= readKnown();
  const { vocabulary, keys } = known;
  const asked = wordsOf(path, (word) => vocabulary.has(word)).map(
    (word) => synonyms[word] ?? nearWord(word, vocabulary),
  );
  const hasVerb = asked.some((word) => verbs.includes(word));
  const words = new Set(hasVerb ? asked : [...asked, impliedVerb(method, path)]);
  let nearest: string | undefined;
  // More than half of the words.
  let greatest = 0.52;
  for (const { key, words: others } of keys) {
    const shared = others.filter((word) => words.has(word));
    // A verb alone is shared by too many.
    if (shared.every((word) => verbs.includes(word))) continue;
    // These break ties only: a client that has the path wrong often has them wrong, too.
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

/** Words that clients use, and what the vendor says. */
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

/** Without a version, `*`, and what is empty. */
const segmentsOf = (path: string): string[] =>
  path.split('/').filter((part) => !/^(v\d+|api|\*)?$/.test(part));

/** The words of a path in the singular: of its first segment, and of others that hold no id. */
function wordsOf(path: string, isWord: (word: string) => boolean): string[] {
  const [first = '', ...others] = segmentsOf(path);
  const split = (segment: string) => segment.toLowerCase().split(/[-_]/).map(singular);
  return [...split(first), ...others.flatMap((part) => split(part).filter(isWord))];
}

const singular = (word: string): string => (/[^s]s$/.test(word) ? word.slice(0, -1) : word);

/** A word that is spelled almost so; the word itself if none is. */
function nearWord(word: string, vocabulary: ReadonlySet<string>): string {
  if (vocabulary.has(word) || word.length < 5) return word;
  const similar = [...vocabulary].filter(
    (other) => other.startsWith(word.charAt(0)) && Math.abs(other.length - word.length) <= 2,
  );
  return nearestOf(word, similar) ?? word;
}
