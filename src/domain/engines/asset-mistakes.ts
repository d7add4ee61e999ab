import type { AssetContent, AssetKind } from './asset.js';

/** A mistake that the vendor refuses and a schema cannot express. */
export interface AssetMistake {
  /** In the content, as in `/general_tools/1/name`. */
  readonly path: string;
  readonly problem: string;
}

type Item = Readonly<Record<string, unknown>>;

/** An item of a list, with its path in the content. */
type LocatedItem = readonly [path: string, item: Item];

/** The first mistake in the content of a version; undefined if there is none. */
export function findAssetMistake(kind: AssetKind, content: AssetContent): AssetMistake | undefined {
  switch (kind) {
    case 'agent':
      return (
        findDuplicateName(objectsIn(content, '/post_call_analysis_data')) ??
        findDuplicateName(objectsIn(content, '/post_chat_analysis_data')) ??
        findTranscriptionMistake(['', content])
      );
    case 'retell-llm':
      return findLlmMistake(content);
    case 'conversation-flow':
      return (
        findFlowMistake(['', content]) ??
        firstMistake(objectsIn(content, '/components'), findFlowMistake)
      );
  }
}

/** The first mistake in a component of flows. */
export const findComponentMistake = (content: AssetContent): AssetMistake | undefined =>
  findFlowMistake(['', content]);

/** Documented (SDK types): names of states are unique, and so are those of the tools of each state. */
function findLlmMistake(content: AssetContent): AssetMistake | undefined {
  const general = objectsIn(content, '/general_tools');
  const states = objectsIn(content, '/states');
  return (
    findModelConflict(content) ??
    findDuplicateName(general) ??
    findArgumentMistake(general) ??
    findDuplicateName(states) ??
    findStartingStateMistake(content, states) ??
    firstMistake(states, ([path, state]) => {
      const own = objectsIn(state, '/tools', path);
      const edges = objectsIn(state, '/edges', path);
      return (
        findDuplicateName([...general, ...own], edges.map(transitionTool)) ??
        findArgumentMistake(own) ??
        findArgumentMistake(edges)
      );
    })
  );
}

/** Documented (SDK types): a model goes to another state by calling a tool of this name. */
const transitionTool = ([, edge]: LocatedItem): string =>
  `transition_to_${String(edge['destination_state_name'])}`;

/** Documented (SDK types): an LLM has a model for text or one for speech. */
function findModelConflict(content: AssetContent): AssetMistake | undefined {
  const { model = null, s2s_model: speechModel = null } = content;
  return model === null || speechModel === null
    ? undefined
    : { path: '/s2s_model', problem: 'must be null or left out where model is set' };
}

/** The first mistake in the tools and nodes of a flow or of a component. */
function findFlowMistake([path, flow]: LocatedItem): AssetMistake | undefined {
  const tools = objectsIn(flow, '/tools', path);
  return (
    findArgumentMistake(tools) ??
    firstMistake(objectsIn(flow, '/nodes', path), (node) => findNodeMistake(node, tools))
  );
}

/** Documented (SDK types): a subagent has tools of its own, and those of the flow that it names. */
function findNodeMistake(
  item: LocatedItem,
  tools: readonly LocatedItem[],
): AssetMistake | undefined {
  const [path, node] = item;
  const { type, tool_ids: ids } = node;
  if (type !== 'conversation' && type !== 'subagent') return undefined;
  const transcription = findTranscriptionMistake(item);
  if (type === 'conversation' || transcription !== undefined) return transcription;
  const own = objectsIn(node, '/tools', path);
  const named = Array.isArray(ids) ? tools.filter(([, tool]) => ids.includes(tool['tool_id'])) : [];
  return findDuplicateName([...named, ...own]) ?? findArgumentMistake(own);
}

/** Documented (SDK types): the minimum `endpointing_ms` of each provider. */
const minEndpointingMs: Readonly<Record<string, number>> = {
  ...{ azure: 100, deepgram: 10, soniox: 500, assemblyai: 100 },
};
const maxEndpointingMs: Readonly<Record<string, number>> = { assemblyai: 3000 };

/**
 * Documented (SDK types): the mode `custom` requires `custom_stt_config`, which no other mode uses.
 * The vendor's own suite sends one that is out of bounds with the mode `fast`.
 */
function findTranscriptionMistake([path, holder]: LocatedItem): AssetMistake | undefined {
  if (holder['stt_mode'] !== 'custom') return undefined;
  const config = (holder['custom_stt_config'] ?? undefined) as Item | undefined;
  const configPath = `${path}/custom_stt_config`;
  if (config === undefined) {
    return { path: configPath, problem: 'must be an object where stt_mode is "custom"' };
  }
  const provider = String(config['provider']);
  const endpointing = Number(config['endpointing_ms']);
  const { [provider]: least = -Infinity } = minEndpointingMs;
  const { [provider]: most = Infinity } = maxEndpointingMs;
  if (endpointing >= least && endpointing <= most) return undefined;
  const bound = endpointing < least ? `>= ${String(least)}` : `<= ${String(most)}`;
  return { path: `${configPath}/endpointing_ms`, problem: `must be ${bound} for ${provider}` };
}

/** Documented (SDK types): `starting_state` is the name of a state, and required where there are any. */
function findStartingStateMistake(
  content: AssetContent,
  states: readonly LocatedItem[],
): AssetMistake | undefined {
  if (states.length === 0) return undefined;
  const start = content['starting_state'];
  return states.some(([, { name }]) => name === start)
    ? undefined
    : { path: '/starting_state', problem: 'must be the name of one of the states' };
}

/** Documented (SDK types): an argument that is required exists. */
const findArgumentMistake = (tools: readonly LocatedItem[]): AssetMistake | undefined =>
  firstMistake(tools, ([path, { parameters }]) => {
    const { required, properties } = (parameters ?? {}) as {
      required?: unknown;
      properties?: object;
    };
    const index = Array.isArray(required)
      ? required.findIndex((name: string) => !Object.hasOwn(properties ?? {}, name))
      : -1;
    return index === -1
      ? undefined
      : {
          path: `${path}/parameters/required/${String(index)}`,
          problem: 'must be one of the properties',
        };
  });

/**
 * Observed (facts.md 46): two items of one name are refused.
 * @param taken names that none of them may have
 */
function findDuplicateName(
  items: readonly LocatedItem[],
  taken: readonly string[] = [],
): AssetMistake | undefined {
  const names = new Set<unknown>(taken);
  return firstMistake(items, ([path, { name }]) => {
    if (names.has(name)) {
      const problem = `must be unique; ${JSON.stringify(String(name).slice(0, 100))} is there before`;
      return { path: `${path}/name`, problem };
    }
    names.add(name);
    return undefined;
  });
}

function firstMistake(
  items: readonly LocatedItem[],
  find: (item: LocatedItem) => AssetMistake | undefined,
): AssetMistake | undefined {
  for (const item of items) {
    const mistake = find(item);
    if (mistake !== undefined) return mistake;
  }
  return undefined;
}

/** The objects in a list. What was kept before its schema was checked may hold other values. */
function objectsIn(holder: Item, name: string, path = ''): LocatedItem[] {
  const list = holder[name.slice(1)];
  if (!Array.isArray(list)) return [];
  return list.flatMap((item: unknown, index): LocatedItem[] =>
    isObject(item) ? [[`${path}${name}/${String(index)}`, item]] : [],
  );
}

const isObject = (value: unknown): value is Item => typeof value === 'object' && value !== null;
