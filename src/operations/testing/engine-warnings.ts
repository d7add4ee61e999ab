import { engineKeyOf, type ResponseEngine } from '../../domain/engines/response-engine.js';
import { knownEngine } from '../engines/known-engines.js';
import { firstWarnings } from '../first-warnings.js';
import type { StoreReader } from '../../store/store.js';
import type { RunTarget } from '../../store/test-runs.js';

/** Tools that have no effect outside the conversation. */
const harmless = ['end_call', 'extract_dynamic_variable'];

/** The most bytes of definitions that are read for the warnings of one batch. */
const maxRead = 32 * 1024 * 1024;

/** A function that computes warnings, and about how many bytes it keeps alive. */
interface WarningsFinder {
  readonly find: () => string[];
  readonly size: number;
}

/**
 * Finds what would go wrong if the real service ran these definitions against this engine. The journal
 * keeps the returned function, so it must capture only what it needs.
 */
export function engineWarningsFinder(
  store: StoreReader,
  engineContentKey: number,
  responseEngine: ResponseEngine,
  targets: readonly RunTarget[],
): WarningsFinder {
  const revisionKeys = new Set(
    targets.flatMap(({ revisionKey }) => (revisionKey === null ? [] : [revisionKey])),
  );
  const find = () =>
    firstWarnings(engineWarnings(store, engineContentKey, responseEngine, revisionKeys));
  return { find, size: 500 + 40 * revisionKeys.size };
}

function* engineWarnings(
  store: StoreReader,
  engineContentKey: number,
  responseEngine: ResponseEngine,
  revisionKeys: ReadonlySet<number>,
): Generator<string> {
  const { tools } = knownEngine(store, responseEngine.type, engineContentKey);
  const known = new Set(tools.map(({ name }) => name));
  let left = maxRead;
  let looked = 0;
  for (const key of revisionKeys) {
    left -= store.testCases.getRevisionSize(key);
    if (left < 0 && looked > 0) {
      const rest = String(revisionKeys.size - looked);
      yield `the last ${rest} of the ${String(revisionKeys.size)} definitions were not looked at: all of them are too large`;
      return;
    }
    looked += 1;
    const { definitionId, content } = store.testCases.getRevision(key);
    const mocked = new Set(content.tool_mocks.map(({ tool_name }) => tool_name));
    for (const { name, type } of tools) {
      if (mocked.has(name) || harmless.includes(type)) continue;
      yield `${definitionId} has no mock for the tool ${name}: the real one is called`;
    }
    for (const name of mocked) {
      if (known.has(name)) continue;
      yield `${definitionId} mocks the tool ${name}, which the engine does not have`;
    }
    const boundTo = engineKeyOf(content.response_engine);
    if (boundTo === engineKeyOf(responseEngine)) continue;
    yield `${definitionId} was made for another engine, ${boundTo}`;
  }
}
