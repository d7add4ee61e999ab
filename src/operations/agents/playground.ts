import type { components } from '../../contract/retell.gen.js';
import type { Engine } from '../../domain/engines/engine.js';
import { derivedHex, keyedChance } from '../../random.js';
import { reply, type Reply } from '../../simulation/conversation/reply.js';
import { toText } from '../../simulation/conversation/equation.js';
import { loadValueGenerator } from '../../simulation/conversation/schema-value.js';
import { messageIds, toEntry } from '../../simulation/conversation/transcript.js';
import { lookUpEngine } from '../../simulation/engine-lookup.js';
import type { Workspace } from '../../simulation/workspaces/workspace.js';
import { getAsset } from '../engines/assets.js';
import { knownEngine } from '../engines/known-engines.js';
import {
  findWorkspace,
  refuseWithoutCredit,
  type Caller,
  type Operation,
  type Services,
} from '../operation.js';

type Schemas = components['schemas'];

/** Stores nothing: the same conversation gets the same reply. Observed: it costs credit. */
export const createPlaygroundCompletion: Operation<'createPlaygroundCompletion'> = async (
  services,
  caller,
  request,
) => {
  const found = findWorkspace(services, caller);
  if (found === undefined || found.credit === null) return complete(services, caller, request);
  const { id } = found;
  refuseWithoutCredit(found);
  const completion = await complete(services, caller, request);
  // Read again, because other requests may have spent it in the meantime.
  const { credit: left } = services.workspaces.get(id);
  refuseWithoutCredit({ credit: left });
  // Costs as much as one run, the emulator's unit of credit.
  services.store.together(({ workspaces }) => {
    if (left !== null) workspaces.setCredit(id, left - 1);
  });
  return completion;
};

async function complete(
  services: Services,
  caller: Caller,
  { params, query, body }: Parameters<typeof createPlaygroundCompletion>[2],
): Promise<Schemas['PlaygroundCompletion']> {
  const { messages, tool_mocks: toolMocks = [] } = body;
  const { agent_id: id } = params;
  const { workspace, asset } = getAsset(
    services,
    caller,
    { kind: 'agent', id, version: query.version },
    'not_found',
  );
  const engineOfAgent = asset.content['response_engine'] as Schemas['ResponseEngine'];
  const engine = findEngine(services, workspace, engineOfAgent);
  const variables = { ...engine?.defaultVariables, ...body.dynamic_variables };
  const turn = derivedHex(32, id, asset.version, JSON.stringify(body));
  const answer = reply(
    {
      history: messages,
      engine,
      toolMocks,
      variables,
      at: body.current_node_id ?? body.current_state,
      generate: await loadValueGenerator(),
    },
    keyedChance(workspace.settings.seed).within(workspace.name, 'playground', turn),
  );
  const messageId = messageIds(turn);
  return {
    messages: answer.entries.map((entry, index) => ({
      ...toEntry(entry, index, turn),
      message_id: messageId(index),
      created_timestamp: workspace.now,
    })),
    call_ended: answer.ended,
    ...currentNode(engine, answer),
    dynamic_variables: Object.fromEntries(
      Array.from(answer.variables, ([name, value]) => [name, toText(value)]),
    ),
  };
}

/** Undefined for an unknown engine and for a custom LLM, which is not stored here. */
function findEngine(
  { store }: Services,
  { id }: Workspace,
  engine: Schemas['ResponseEngine'],
): Engine | undefined {
  if (engine.type === 'custom-llm') return undefined;
  const found = lookUpEngine(store, id, engine);
  return 'problem' in found || found.contentKey === null
    ? undefined
    : knownEngine(store, engine.type, found.contentKey);
}

function currentNode(engine: Engine | undefined, { node }: Reply) {
  if (node === undefined) return {};
  return engine?.type === 'conversation-flow'
    ? { current_node_id: node.id }
    : { current_state: node.name };
}
