import { loadContract } from '../contract/document.js';
import { contractValidation } from '../contract/validation.js';
import { findAssetMistake } from '../domain/engines/asset-mistakes.js';
import { StartupError } from '../errors.js';
import type { Fixtures } from '../simulation/fixtures/fixtures.js';
import { controlFormats } from '../workspace/settings.js';
import { asker, isObject, NotFound, type Ask, type AskOptions, type Json } from './ask.js';

export interface PullOptions extends AskOptions {
  /** Only these agents, with their engines and the definitions for those; everything if empty. */
  readonly agents: readonly string[];
}

const pageSize = 1000;

/** The most pages of one list: a million items. A faulty server may always have one more. */
const maxPages = 1000;

/**
 * Reads the engines, agents and test case definitions of an account, and returns them as fixtures with the
 * same ids. Only sends requests that read. Leaves out times, so that all is as old as its workspace.
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
  const loadable = (part: FixturePart, items: readonly Json[]): Json[] =>
    items.filter((item) => {
      const problem = problemOf(part, item);
      if (problem !== undefined) {
        options.log(`left out ${nameOf(item)}, which would not load: ${problem}`);
      }
      return problem === undefined;
    });
  return {
    retellLlms: loadable('retellLlms', ofType('retell-llm')),
    conversationFlows: loadable('conversationFlows', ofType('conversation-flow')),
    agents: loadable('agents', agents.map(withoutTimes)),
    // Lists are newest first; fixtures are loaded oldest first.
    definitions: loadable('definitions', definitions.reverse().map(withoutTimes)),
  } as Fixtures;
}

type FixturePart = 'retellLlms' | 'conversationFlows' | 'agents' | 'definitions';

const kindOf = {
  retellLlms: 'retell-llm',
  conversationFlows: 'conversation-flow',
  agents: 'agent',
} as const;

/** Why a load would refuse the object. An account may hold objects that the vendor would refuse today. */
function problemOf(part: FixturePart, item: Json): string | undefined {
  const validation = contractValidation(loadContract('control'), controlFormats);
  const { mismatch } = validation.checkValue('Fixtures', { [part]: [item] }, 'accept');
  if (mismatch !== undefined) return mismatch.replace(`/${part}/0`, '');
  if (part === 'definitions') return undefined;
  const mistake = findAssetMistake(kindOf[part], item);
  return mistake && `${mistake.path} ${mistake.problem}`;
}

const idNames = ['llm_id', 'conversation_flow_id', 'agent_id', 'test_case_definition_id'];
const nameOf = (item: Json): string => String(idNames.map((name) => item[name]).find(Boolean));

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

/** Reads all pages of a list. */
async function readAll(ask: Ask, path: string, method: 'GET' | 'POST' = 'GET'): Promise<Json[]> {
  const items: Json[] = [];
  const separator = path.includes('?') ? '&' : '?';
  const keys = new Set<string>();
  for (let key = ''; keys.size < maxPages; keys.add(key)) {
    const from = key === '' ? '' : `&pagination_key=${escape(key)}`;
    const url = `${path}${separator}limit=${String(pageSize)}${from}`;
    const page = await ask(method, url, isPage);
    for (const item of page['items'] as Json[]) items.push(item);
    if (page['has_more'] !== true || typeof page['pagination_key'] !== 'string') return items;
    key = page['pagination_key'];
    if (keys.has(key)) {
      const problem = `${path} does not end: its pagination_key ${JSON.stringify(key)} comes again`;
      throw new StartupError('environment', problem);
    }
  }
  const problem = `${path} does not end: it has more than ${String(maxPages)} pages`;
  throw new StartupError('environment', problem);
}

const isPage = ({ items }: Json): boolean => Array.isArray(items) && items.every(isObject);
