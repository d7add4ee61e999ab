import type { components } from '../../contract/retell.gen.js';

/** An engine that tests can run against. */
export type ResponseEngine = components['schemas']['RetellResponseEngine'];

export type EngineType = ResponseEngine['type'];

/** Type and id in one: what definitions and batches are listed by. The version is left out. */
export const engineKey = (type: EngineType, id: string): string => `${type}:${id}`;

export const engineIdOf = (engine: ResponseEngine): string =>
  engine.type === 'retell-llm' ? engine.llm_id : engine.conversation_flow_id;

export const engineKeyOf = (engine: ResponseEngine): string =>
  engineKey(engine.type, engineIdOf(engine));

/** The engine without what the contract does not know. Observed: clients send more, ignored. */
export function knownEngine(engine: ResponseEngine): ResponseEngine {
  const version = engine.version === undefined ? {} : { version: engine.version };
  return engine.type === 'retell-llm'
    ? { type: engine.type, llm_id: engine.llm_id, ...version }
    : { type: engine.type, conversation_flow_id: engine.conversation_flow_id, ...version };
}

/** Null if none was named; 'null' if that was said, which Observed clients do and get back. */
export type EngineVersion = number | 'null' | null;

export const engineVersionOf = ({ version }: ResponseEngine): EngineVersion =>
  version === undefined ? null : (version ?? 'null');

/** The engine that has this key and version. */
export function engineOfKey(key: string, version: EngineVersion): ResponseEngine {
  const [type, id] = [key.slice(0, key.indexOf(':')), key.slice(key.indexOf(':') + 1)];
  const named = version === null ? {} : { version: version === 'null' ? null : version };
  return type === 'retell-llm'
    ? { type, llm_id: id, ...named }
    : { type: 'conversation-flow', conversation_flow_id: id, ...named };
}
