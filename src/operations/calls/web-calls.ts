import type { components } from '../../contract/retell.gen.js';
import type { WireWebCall } from '../../domain/calls/call.js';
import type { CallDetails } from '../../domain/calls/call-record.js';
import { joinTimeout } from '../../simulation/calls/course.js';
import { callContextReader } from '../../simulation/calls/call-steps.js';
import { accessTokenOf } from '../../simulation/calls/render.js';
import type { Workspace } from '../../simulation/workspaces/workspace.js';
import type { StoredCall } from '../../store/calls.js';
import { warning, type Caller, type Operation, type Services } from '../operation.js';
import { openSettled, show } from './calls.js';
import { createCall } from './new-call.js';

type Schemas = components['schemas'];

/** Not a place of the Internet (RFC 6761), so that no browser asks another machine. */
const iceServers = [{ urls: 'stun:stun.retell-emulator.invalid:3478' }];

export const createWebCall: Operation<'createWebCall'> = async (services, caller, { body }) => {
  const { call } = await create(services, caller, await openSettled(services, caller), body);
  return {
    call_id: call.id,
    access_token: accessTokenOf(call.id),
    expires_at: call.plan.createdAt + joinTimeout,
    ice_servers: iceServers.map((server) => ({ ...server })),
    transport: 'gateway',
  };
};

export const createWebCallV2: Operation<'createWebCallV2'> = async (services, caller, { body }) => {
  const workspace = await openSettled(services, caller);
  const created = await create(services, caller, workspace, body);
  return show(services, created) as WireWebCall | Promise<WireWebCall>;
};

async function create(
  services: Services,
  caller: Caller,
  workspace: Workspace,
  body: Schemas['NewWebCall'],
): Promise<StoredCall> {
  const created = await createCall(services, caller, workspace, {
    // The user comes to the agent.
    ...{ origin: 'web', direction: 'inbound', fromNumber: '', toNumber: '' },
    ...{ agentId: body.agent_id, agentVersion: body.agent_version },
    details: detailsOf(body),
  });
  warnOfStart(services, caller, created, body);
  return created;
}

function detailsOf(body: Schemas['NewWebCall']): CallDetails {
  const { metadata, retell_llm_dynamic_variables: variables, agent_override: override } = body;
  const { current_node_id: nodeId, current_state: state } = body;
  return {
    isWeb: true,
    ...(metadata !== undefined && { metadata }),
    ...(variables !== undefined && { variables }),
    ...(override !== undefined && { override }),
    ...(typeof nodeId === 'string' && { startNode: nodeId }),
    ...(typeof state === 'string' && { startState: state }),
  };
}

/** Warns of a node or state that the engine does not have. The service's answer to that is not known. */
function warnOfStart(
  { store }: Services,
  caller: Caller,
  stored: StoredCall,
  { current_node_id: nodeId, current_state: state }: Schemas['NewWebCall'],
): void {
  const { engine } = callContextReader(store)(stored);
  // Documented: the one for the other kind of engine is ignored.
  const [name, start] =
    engine?.type === 'conversation-flow' ? ['current_node_id', nodeId] : ['current_state', state];
  if (engine === undefined || typeof start !== 'string' || engine.nodes.has(start)) return;
  caller.warnLater?.(
    warning(`the engine has nothing that body/${name} ${JSON.stringify(start)} could be`),
  );
}
