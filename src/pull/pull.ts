import type { Fixtures } from '../simulation/fixtures/fixtures.js';
import { asker, isObject, NotFound, type Ask, type AskOptions, type Json } from './ask.js';
import { readCalls } from './calls.js';
import { readAll } from './lists.js';
import { onlyLoadable } from './loadable.js';
import { readPhoneNumbers } from './phone-numbers.js';
import { analysisChoicesOf, keepPersonalData, scrubPersonalData } from './scrub.js';

export interface PullOptions extends AskOptions {
  /**
   * Only these agents, with their engines, the definitions for those, their phone numbers and calls;
   * everything if empty.
   */
  readonly agents: readonly string[];
  /** How many calls to read: the last ones that are over. */
  readonly calls: number;
  /** False to read calls and phone numbers without what says who talked, and what about. */
  readonly keepsPersonalData: boolean;
}

/**
 * Reads the engines, agents, test case definitions, phone numbers and last calls of an account, and returns
 * them as fixtures with the same ids. Only sends requests that read. Leaves out the times of all but calls,
 * so that it is as old as its workspace.
 * @throws StartupError if the server refuses, cannot be reached, or sends an answer that cannot be used.
 */
export async function pull(options: PullOptions): Promise<Fixtures> {
  const ask = asker(options);
  const agents =
    options.agents.length > 0
      ? await Promise.all(options.agents.map((id) => readAgent(ask, id)))
      : await readAgents(ask);

  const engines = new Map<string, Json>();
  const addEngine = (type: string, engine: Json): void => {
    engines.set(`${type} ${String(engine[idOf(type)])} ${String(engine['version'])}`, {
      ...engine,
      type,
    });
  };
  if (options.agents.length === 0) {
    for (const type of engineTypes) {
      for (const engine of await readAll(ask, `/v2/list-${type}s`)) addEngine(type, engine);
    }
  }
  for (const { agent_id: agent, response_engine } of agents) {
    const { type, version, ...engine } = response_engine as Json;
    if (typeof type !== 'string' || !isEngineType(type)) continue;
    const path = `/get-${type}/${escape(String(engine[idOf(type)]))}`;
    const paths =
      typeof version === 'number' ? [path, `${path}?version=${String(version)}`] : [path];
    for (const path of paths) {
      try {
        addEngine(type, await ask('GET', path));
      } catch (error) {
        if (!(error instanceof NotFound)) throw error;
        options.log(`left out the engine of agent ${String(agent)}: ${error.message}`);
      }
    }
  }

  const definitions: Json[] = [];
  const ids = new Map([...engines.values()].map((engine) => [engineQuery(engine), engine]));
  for (const query of ids.keys()) {
    definitions.push(...(await readAll(ask, `/v2/list-test-case-definitions?${query}`)));
  }
  const ofType = (type: string) =>
    [...engines.values()]
      .filter((engine) => engine['type'] === type)
      .sort((a, b) => Number(a['version']) - Number(b['version']))
      .map((engine) => without(engine, ['type', ...times]));
  const loadable = onlyLoadable(options.log);
  const choices = analysisChoicesOf(agents);
  const privacy = options.keepsPersonalData ? keepPersonalData : scrubPersonalData(choices);
  const phoneNumbers = await readPhoneNumbers(ask, options, privacy);
  const calls = await readCalls(ask, options, privacy);
  return {
    retellLlms: loadable('retellLlms', ofType('retell-llm')),
    conversationFlows: loadable('conversationFlows', ofType('conversation-flow')),
    agents: loadable('agents', agents.map(withoutTimes)),
    // Lists are newest first; fixtures are loaded oldest first.
    definitions: loadable('definitions', definitions.reverse().map(withoutTimes)),
    phoneNumbers: loadable('phoneNumbers', phoneNumbers),
    ...(options.calls > 0 && { calls: loadable('calls', calls) }),
  } as Fixtures;
}

const engineTypes = ['retell-llm', 'conversation-flow'] as const;
const isEngineType = (type: string): boolean => (engineTypes as readonly string[]).includes(type);
const idOf = (type: string): string => (type === 'retell-llm' ? 'llm_id' : 'conversation_flow_id');
const escape = encodeURIComponent;

const engineQuery = ({ type, ...engine }: Json): string => {
  const name = idOf(String(type));
  return `type=${String(type)}&${name}=${escape(String(engine[name]))}`;
};

const times = ['creation_timestamp', 'user_modified_timestamp', 'last_modification_timestamp'];
const without = (value: Json, names: readonly string[]): Json =>
  Object.fromEntries(Object.entries(value).filter(([name]) => !names.includes(name)));
const withoutTimes = (value: Json): Json => without(value, times);

async function readAgents(ask: Ask): Promise<Json[]> {
  const agents: Json[] = [];
  const listed = await readAll(ask, '/v2/list-agents', 'POST');
  for (const { agent_id: id, channel } of listed.reverse()) {
    // Chat agents have operations of their own, which are not emulated.
    if (channel !== 'chat') agents.push(await readAgent(ask, String(id)));
  }
  return agents;
}

const readAgent = (ask: Ask, id: string): Promise<Json> =>
  ask('GET', `/get-agent/${escape(id)}`, ({ response_engine }) => isObject(response_engine));
