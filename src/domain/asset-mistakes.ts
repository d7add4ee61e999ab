import type { AssetContent, AssetKind } from './asset.js';

/** What the vendor refuses, and no schema can tell. */
export interface AssetMistake {
  /** In the content, as in `/general_tools/1/name`. */
  readonly path: string;
  readonly fault: string;
}

type Item = Readonly<Record<string, unknown>>;

/** The first mistake in what a version says; undefined if there is none. */
export function findAssetMistake(kind: AssetKind, content: AssetContent): AssetMistake | undefined {
  switch (kind) {
    case 'agent':
      return findNamesake(listAt(content, '/post_call_analysis_data'));
    case 'retell-llm':
      return findLlmMistake(content);
    case 'conversation-flow':
      return findArgumentMistake(listAt(content, '/tools'));
  }
}

/** Documented (SDK types): names of states are unique, and those of the tools at hand in each. */
function findLlmMistake(content: AssetContent): AssetMistake | undefined {
  const general = listAt(content, '/general_tools');
  const states = listAt(content, '/states');
  return (
    findNamesake(general) ??
    findArgumentMistake(general) ??
    findNamesake(states) ??
    findStartMistake(content, states) ??
    firstOf(states, ([path, state]) => {
      const own = listAt(state, '/tools', path);
      return findNamesake([...general, ...own]) ?? findArgumentMistake(own);
    })
  );
}

/** Documented (SDK types): `starting_state` is the name of a state, and required where there are any. */
function findStartMistake(
  content: AssetContent,
  states: readonly Placed[],
): AssetMistake | undefined {
  if (states.length === 0) return undefined;
  const start = content['starting_state'];
  return states.some(([, { name }]) => name === start)
    ? undefined
    : { path: '/starting_state', fault: 'must be the name of one of the states' };
}

/** Documented (SDK types): an argument that is required exists. */
const findArgumentMistake = (tools: readonly Placed[]): AssetMistake | undefined =>
  firstOf(tools, ([path, { parameters }]) => {
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
          fault: 'must be one of the properties',
        };
  });

type Placed = readonly [path: string, item: Item];

/** Observed: two items of one name are refused. */
function findNamesake(items: readonly Placed[]): AssetMistake | undefined {
  const names = new Set<unknown>();
  return firstOf(items, ([path, { name }]) => {
    if (names.has(name)) {
      const fault = `must be unique; ${JSON.stringify(String(name).slice(0, 100))} is there before`;
      return { path: `${path}/name`, fault };
    }
    names.add(name);
    return undefined;
  });
}

function firstOf(
  items: readonly Placed[],
  find: (item: Placed) => AssetMistake | undefined,
): AssetMistake | undefined {
  for (const item of items) {
    const mistake = find(item);
    if (mistake !== undefined) return mistake;
  }
  return undefined;
}

function listAt(holder: Item, name: string, path = ''): Placed[] {
  const list = holder[name.slice(1)];
  return Array.isArray(list)
    ? list.map((item: Item, index) => [`${path}${name}/${String(index)}`, item] as const)
    : [];
}
