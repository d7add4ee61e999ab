import { StartupError } from './errors.js';
import type { Fixtures } from './simulation/fixtures/fixtures.js';

export interface PullOptions {
  /** The URL of a server that speaks the vendor's API. */
  readonly upstream: string;
  readonly apiKey: string;
  /** Only these agents, with their engines and the definitions for those; everything if empty. */
  readonly agents: readonly string[];
  /** Waits so many milliseconds. */
  readonly sleep: (duration: number) => Promise<void>;
}

type Json = Readonly<Record<string, unknown>>;

/** Tries at a request that is answered with 429 or 5xx, and milliseconds before the second. */
const mostTries = 6;
const firstPause = 1000;
const pageSize = 1000;

/**
 * Reads engines, agents and test case definitions of an account, by reading requests only, as
 * fixtures with the same ids. Their times are left out: what is loaded is as old as its workspace.
 * @throws StartupError if the server refuses, or can't be reached.
 */
export async function pull(options: PullOptions): Promise<Fixtures> {
  const ask = asker(options);
  const agents =
    options.agents.length > 0
      ? await Promise.all(options.agents.map((id) => ask('GET', `/get-agent/${escape(id)}`)))
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
  for (const { response_engine } of agents) {
    const { type, version, ...engine } = response_engine as Json;
    if (typeof type !== 'string' || !isEngineType(type)) continue;
    const path = `/get-${type}/${escape(String(engine[idOf(type)]))}`;
    addEngine(type, await ask('GET', path));
    if (typeof version === 'number') {
      addEngine(type, await ask('GET', `${path}?version=${String(version)}`));
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
  // The server speaks the vendor's contract; loading checks it.
  return {
    retellLlms: ofType('retell-llm'),
    conversationFlows: ofType('conversation-flow'),
    agents: agents.map(withoutTimes),
    // Lists are newest first; what is loaded first is the oldest.
    definitions: definitions.reverse().map(withoutTimes),
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
    if (channel !== 'chat') agents.push(await ask('GET', `/get-agent/${escape(String(id))}`));
  }
  return agents;
}

/** Reads page after page. */
async function readAll(ask: Ask, path: string, method: 'GET' | 'POST' = 'GET'): Promise<Json[]> {
  const items: Json[] = [];
  const separator = path.includes('?') ? '&' : '?';
  for (let key = ''; ;) {
    const from = key === '' ? '' : `&pagination_key=${escape(key)}`;
    const page = await ask(method, `${path}${separator}limit=${String(pageSize)}${from}`);
    items.push(...((page['items'] ?? []) as Json[]));
    if (page['has_more'] !== true || typeof page['pagination_key'] !== 'string') return items;
    key = page['pagination_key'];
  }
}

type Ask = (method: 'GET' | 'POST', path: string) => Promise<Json>;

function asker({ upstream, apiKey, sleep }: PullOptions): Ask {
  const headers = { authorization: `Bearer ${apiKey}`, 'content-type': 'application/json' };
  return async (method, path) => {
    for (let attempt = 1; ; attempt += 1) {
      const body = method === 'POST' ? { body: '{}' } : {};
      const url = upstream.replace(/\/$/, '') + path;
      const answer = await fetch(url, { method, headers, ...body }).catch((error: unknown) => {
        const cause = (error as Error).cause ?? error;
        const reason = `cannot reach ${upstream}: ${(cause as Error).message}`;
        throw new StartupError('environment', reason, { cause: error });
      });
      const text = await answer.text();
      if (answer.ok) return JSON.parse(text) as Json;
      const isPassing = answer.status === 429 || answer.status >= 500;
      if (!isPassing || attempt === mostTries) {
        const [line = ''] = text.slice(0, 300).split('\n');
        const fault = `${upstream} answers ${String(answer.status)} to ${method} ${path}: ${line}`;
        throw new StartupError('environment', fault);
      }
      const seconds = Number(answer.headers.get('retry-after') ?? NaN);
      await sleep(seconds >= 0 ? seconds * 1000 : firstPause * 2 ** (attempt - 1));
    }
  };
}
