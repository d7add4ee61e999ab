import type { components } from '../../contract/retell.gen.js';
import type { AssetContent } from '../../domain/engines/asset.js';
import { readCallAgent, type CallAgent } from '../../domain/calls/call-agent.js';
import { isFunction } from '../../domain/calls/custom-function.js';
import type { CallDetails } from '../../domain/calls/call-record.js';
import type { GivenTranscripts } from '../../domain/calls/given-call.js';
import { readEngine, type Engine } from '../../domain/engines/engine.js';
import { listOf, objectOf, textOf, type JsonObject } from '../../domain/json.js';
import type { EngineType } from '../../domain/engines/response-engine.js';

export type AgentOverride = components['schemas']['AgentOverride'];

/** What a call is held with: its agent and the engine that it speaks through. */
export interface CallContext {
  readonly agent: CallAgent;
  /** Undefined for one that the emulator does not have, or that nobody here can know. */
  readonly engine: Engine | undefined;
  /** The model that thinks; undefined for a custom LLM. */
  readonly model: string | undefined;
  readonly usesKnowledge: boolean;
  /** Whether the engine has tools that find out dynamic variables. */
  readonly collects: boolean;
  /** Names of the custom functions that the engine has. */
  readonly functions: readonly string[];
  /** Whom the engine transfers calls to, and how. */
  readonly transfer: CallTransfer | undefined;
  /** The transcripts that fixtures gave; undefined for what is generated. */
  readonly readTranscripts: () => GivenTranscripts | undefined;
  /** Where the server of a custom LLM is, before variables are filled in. */
  readonly serverUrl: string | undefined;
}

export interface CallTransfer {
  readonly number: string;
  /** As the tool or the node has it. */
  readonly option: JsonObject;
}

export interface CallContextInput {
  /** Empty if the emulator does not have the agent. */
  readonly agent: AssetContent;
  readonly engine: { readonly type: EngineType; readonly content: AssetContent } | undefined;
  /** Settings for this call alone. */
  readonly override: AgentOverride | undefined;
  readonly start?: Pick<CallDetails, 'startNode' | 'startState'>;
  readonly readTranscripts?: CallContext['readTranscripts'];
}

/** Observed: what an LLM thinks with unless told otherwise. */
const defaultModel = 'gpt-4.1';

/** The content of an agent that the emulator does not have. */
export const noContent: AssetContent = {};

/**
 * What was read of contents that the store keeps, so that the events of many calls of one agent read it once.
 * Nothing makes it stale: a content never changes.
 */
const knownAgents = new WeakMap<AssetContent, CallAgent>();
const knownEngines: Readonly<Record<EngineType, WeakMap<AssetContent, Engine>>> = {
  'retell-llm': new WeakMap(),
  'conversation-flow': new WeakMap(),
};

function readOnce<Read>(
  known: WeakMap<AssetContent, Read>,
  content: AssetContent,
  read: (content: AssetContent) => Read,
): Read {
  const before = known.get(content);
  if (before !== undefined) return before;
  const result = read(content);
  known.set(content, result);
  return result;
}

export function readCallContext({
  agent,
  engine,
  override = {},
  ...input
}: CallContextInput): CallContext {
  const { readTranscripts = () => undefined, start = {} } = input;
  const content = override.agent === undefined ? agent : { ...agent, ...override.agent };
  const reference = objectOf(content['response_engine']);
  const engineType = reference?.['type'];
  const own = engine?.type === 'retell-llm' ? override.retell_llm : override.conversation_flow;
  const engineContent = engine && withOwn(engine.content, own, start);
  return {
    agent: readOnce(knownAgents, content, readCallAgent),
    readTranscripts,
    // Read when it is first asked for: a list needs only some of its settings.
    get engine() {
      if (engine === undefined || engineContent === undefined) return undefined;
      const { type } = engine;
      return readOnce(knownEngines[type], engineContent, (read) => readEngine(type, read));
    },
    model: engineType === 'custom-llm' ? undefined : modelOf(engineContent ?? noContent),
    usesKnowledge:
      Array.isArray(engineContent?.['knowledge_base_ids']) &&
      engineContent['knowledge_base_ids'].length > 0,
    get collects() {
      return this.engine?.tools.some(({ variables }) => variables.length > 0) === true;
    },
    get functions() {
      return engineContent === undefined ? [] : functionsOf(engineContent);
    },
    get transfer() {
      return engineContent && transferOf(engineContent);
    },
    serverUrl: engineType === 'custom-llm' ? textOf(reference?.['llm_websocket_url']) : undefined,
  };
}

/** The content of an engine for one call. */
function withOwn(
  content: AssetContent,
  own: object | undefined,
  { startNode, startState }: NonNullable<CallContextInput['start']>,
): AssetContent {
  if (own === undefined && startNode === undefined && startState === undefined) return content;
  return {
    ...{ ...content, ...own },
    ...(startNode !== undefined && { start_node_id: startNode }),
    ...(startState !== undefined && { starting_state: startState }),
  };
}

const modelOf = (content: JsonObject): string =>
  textOf(content['s2s_model']) ??
  textOf(objectOf(content['model_choice'])?.['model']) ??
  textOf(content['model']) ??
  defaultModel;

/** Tools and nodes that are searched; a client may send megabytes of them. */
const maxSearched = 1000;

/** Names of the custom functions of an LLM and its states, or of a flow, its nodes and its components. */
function functionsOf(content: JsonObject): string[] {
  const components = listOf(content['components'], maxSearched);
  const holders = [
    ...[content, ...listOf(content['states'], maxSearched), ...components],
    ...[content, ...components].flatMap(({ nodes }) => listOf(nodes, maxSearched)),
  ];
  return holders.flatMap(({ general_tools: general, tools }) =>
    [...listOf(general, maxSearched), ...listOf(tools, maxSearched)].flatMap(
      ({ name, type, url }) => {
        const isRequested = isFunction({ type: textOf(type) ?? 'custom', url: textOf(url) });
        const found = textOf(name);
        return isRequested && found !== undefined ? [found] : [];
      },
    ),
  );
}

/** The first number that a call can be transferred to: of a tool, of a state's tool, or of a node. */
function transferOf(content: JsonObject): CallTransfer | undefined {
  const states = listOf(content['states'], maxSearched);
  const places = [
    ...listOf(content['general_tools'], maxSearched),
    ...listOf(content['nodes'], maxSearched),
    ...states.flatMap(({ tools }) => listOf(tools, maxSearched)),
  ];
  for (const place of places) {
    const number = textOf(objectOf(place['transfer_destination'])?.['number']);
    if (number !== undefined) return { number, option: objectOf(place['transfer_option']) ?? {} };
  }
  return undefined;
}
