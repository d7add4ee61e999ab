import type { components } from '../../contract/control.gen.js';
import { loadContract } from '../../contract/document.js';
import { contractValidation } from '../../contract/validation.js';
import type { CallDetails } from '../../domain/calls/call-record.js';
import {
  readInboundAnswer,
  type InboundDecision,
  type ReadAnswer,
} from '../../domain/calls/inbound-answer.js';
import {
  isE164,
  pickAgent,
  type PhoneNumberContent,
  type WeightedAgent,
} from '../../domain/calls/phone-number.js';
import { readSipHeaders, variablesOfHeaders } from '../../domain/calls/sip-headers.js';
import { pauseAfter } from '../../domain/webhooks/delivery.js';
import { ApiError } from '../../errors.js';
import { jsonOrText } from '../../json/json-or-text.js';
import type { DeliveryRecord } from '../../outbound/delivery-journal.js';
import { keyedChance } from '../../random.js';
import type { Workspace } from '../../simulation/workspaces/workspace.js';
import type { StoredCall } from '../../store/calls.js';
import { show } from '../calls/calls.js';
import type { CallRequest, ReservedCall } from '../calls/call-request.js';
import { createCall, reserveCall } from '../calls/new-call.js';
import { findWrongCountry } from '../numbers/countries.js';
import type { Caller, Services } from '../operation.js';
import { openSettledWorkspace, type ControlOperation } from './control-operation.js';
import { waitFor } from './waiting.js';

type Schemas = components['schemas'];

/** Somebody who calls one of the numbers, and what is known of it before anything is decided. */
interface Incoming {
  readonly from: string;
  readonly to: string;
  readonly number: PhoneNumberContent;
  /** Where the number is among those of the workspace; undefined if it was not created. */
  readonly position: number | undefined;
  readonly sipHeaders: Readonly<Record<string, string>>;
  readonly reserved: ReservedCall;
  /** The agent that the number gives it. */
  readonly agent: WeightedAgent | undefined;
}

/** A number that was not created: nothing is known of it. */
const unknownNumber: PhoneNumberContent = { phone_number_type: 'custom' };

export const receiveCall: ControlOperation<'receiveCall'> = async (services, caller, { body }) => {
  const { from_number: from, to_number: to, custom_sip_headers: headers = {} } = body;
  if (!isE164(from)) refuseNumber('from_number');
  if (!isE164(to)) refuseNumber('to_number');
  const workspace = await openSettledWorkspace(services, caller);
  const number = services.store.phoneNumbers.find(workspace.id, to);
  if (number === undefined && workspace.settings.unknownNumbers === 'reject') {
    throw new ApiError('not_found', `There is no phone number ${to}.`);
  }
  const { told: sipHeaders, leftOut } = readSipHeaders(headers);
  const reserved = reserveCall(services, workspace);
  const incoming = {
    ...{ from, to, sipHeaders, reserved, position: number?.position },
    number: number?.content ?? unknownNumber,
    agent: numberAgent(workspace, number?.content, reserved),
  };
  const warnings = leftOut.map((name) => `custom_sip_headers/${name} is not told by the vendor`);
  // Documented: a call from a country that is not on the list is rejected.
  const problem = await findWrongCountry(incoming.number, 'allowed_inbound_country_list', from);
  if (problem !== undefined) {
    warnings.push(`from_number ${problem}`);
    const rejected = { outcome: 'rejected', decidedBy: 'number' } as const;
    return { ...rejected, callId: reserved.id, webhook: null, warnings, call: null };
  }
  const asked = await ask(services, caller, workspace, incoming);
  warnings.push(...(asked?.warnings ?? []));
  const result = await decide(services, caller, incoming, asked?.decision, warnings);
  return { ...result, webhook: asked === undefined ? null : toQuestion(asked.record), warnings };
};

function refuseNumber(name: string): never {
  throw new ApiError('invalid_request', `body/${name} must be in E.164 form, as +14157774444`);
}

/** Documented: one of the number's agents for calls that come in, drawn by weight. */
function numberAgent(
  { name, settings }: Workspace,
  number: PhoneNumberContent | undefined,
  { ordinal }: ReservedCall,
): WeightedAgent | undefined {
  const draw = keyedChance(settings.seed).within(name, 'agent of call');
  return pickAgent(number?.inbound_agents ?? [], draw(ordinal));
}

interface Asked extends ReadAnswer {
  readonly record: DeliveryRecord;
}

/** Asks the client's code about a call. Undefined if the number has no URL for that. */
async function ask(
  services: Services,
  caller: Caller,
  workspace: Workspace,
  incoming: Incoming,
): Promise<Asked | undefined> {
  const url = incoming.number.inbound_webhook_url ?? '';
  if (url === '') return undefined;
  const { id: callId } = incoming.reserved;
  const record = await services.webhooks.ask(
    workspace,
    {
      ...{ event: 'call_inbound', callId, url, time: workspace.now },
      body: questionBody(services, workspace, incoming),
    },
    (attempts) => pause(services, caller, workspace, attempts),
  );
  if (record.state === 'delivered') {
    const { answer = '' } = record.attempts.at(-1) ?? {};
    return { ...readInboundAnswer(answer, findWrongOverride), record };
  }
  const what =
    record.state === 'suppressed'
      ? `was not asked: ${record.error ?? ''}`
      : `failed ${String(record.attempts.length)} times: ${record.error ?? 'no answer'}`;
  return { decision: undefined, warnings: [`the inbound webhook ${what}`], record };
}

/** Documented. `agent_id` is there only if the number has an agent for calls that come in. */
function questionBody(
  { store }: Services,
  { id: workspaceId, now }: Workspace,
  { from, to, sipHeaders, reserved, agent }: Incoming,
): string {
  const version =
    agent &&
    (agent.agent_version ??
      store.assets.refer({ workspaceId, kind: 'agent', id: agent.agent_id })?.version);
  return JSON.stringify({
    event: 'call_inbound',
    event_timestamp: now,
    call_inbound: {
      ...(agent !== undefined && { agent_id: agent.agent_id }),
      ...(typeof version === 'number' && { agent_version: version }),
      ...{ from_number: from, to_number: to },
      ...(Object.keys(sipHeaders).length > 0 && { custom_sip_headers: sipHeaders }),
      call_id: reserved.id,
    },
  });
}

/**
 * Waits before the next attempt. Under a clock that stands still there is no wait: the caller waits for the
 * answer, and could not advance the clock meanwhile.
 */
async function pause(
  services: Services,
  { workspace: name, signal }: Caller,
  { id, clock, settings }: Workspace,
  attempts: number,
): Promise<Workspace | undefined> {
  const policy = settings.webhooks.retries;
  if (attempts > policy.retries) return undefined;
  if (clock.mode === 'real') {
    await waitFor(services, {
      ...{ workspace: name, signal, isThere: () => false, subscribe: () => () => undefined },
      timeout: pauseAfter(attempts, policy) / clock.speed,
    });
  }
  return signal?.aborted === true ? undefined : services.workspaces.get(id);
}

function findWrongOverride(override: unknown): string | undefined {
  const contract = loadContract('retell');
  return contractValidation(contract).checkValue('AgentOverride', override, 'accept').mismatch;
}

type Result = Pick<Schemas['ReceivedCall'], 'outcome' | 'callId' | 'decidedBy' | 'call'>;

/** Lets the agent take the call that the webhook names, or else that of the number. */
async function decide(
  services: Services,
  caller: Caller,
  incoming: Incoming,
  decision: InboundDecision | undefined,
  warnings: string[],
): Promise<Result> {
  const { id: callId } = incoming.reserved;
  if (decision?.rejects === true) {
    return { outcome: 'rejected', callId, decidedBy: 'webhook', call: null };
  }
  const candidates = [
    ['webhook', decision?.agentId, decision?.agentVersion],
    ['number', incoming.agent?.agent_id, decision?.agentVersion ?? incoming.agent?.agent_version],
  ] as const;
  for (const [decidedBy, agentId, agentVersion] of candidates) {
    if (agentId === undefined) continue;
    const request = requestOf(incoming, decision, { agentId, agentVersion });
    const workspace = await reopen(services, caller, incoming);
    const taken = await tryToCreate(services, { caller, workspace, request, warnings });
    if (taken === undefined) continue;
    // A call that comes in is a phone call.
    const call = (await show(services, taken)) as Schemas['ReceivedCall']['call'];
    return { outcome: 'taken', callId, decidedBy, call };
  }
  if (incoming.agent === undefined) warnings.push(`${incoming.to} has no inbound_agents`);
  return { outcome: 'disconnected', callId, decidedBy: null, call: null };
}

function requestOf(
  { from, to, number, sipHeaders, reserved }: Incoming,
  decision: InboundDecision | undefined,
  agent: Pick<CallRequest, 'agentId' | 'agentVersion'>,
): CallRequest {
  const variables = { ...variablesOfHeaders(sipHeaders), ...decision?.variables };
  const details: CallDetails = {
    ...(decision?.metadata && { metadata: decision.metadata }),
    ...(Object.keys(variables).length > 0 && { variables }),
    ...(Object.keys(sipHeaders).length > 0 && { sipHeaders }),
    ...(decision?.override !== undefined && {
      override: decision.override as NonNullable<CallDetails['override']>,
    }),
  };
  return {
    ...{ origin: 'inbound', direction: 'inbound', fromNumber: from, toNumber: to },
    ...{ ...agent, details, reserved, fallbackNumber: number.fallback_number ?? undefined },
  };
}

/** The workspace after what was asked, which may have taken long. @throws ApiError 409 */
async function reopen(
  services: Services,
  caller: Caller,
  { to, position, reserved }: Incoming,
): Promise<Workspace> {
  // Fixtures may be loaded now.
  await services.exclusiveWork.underWay(caller.workspace);
  const workspace = await openSettledWorkspace(services, caller);
  const { store } = services;
  const isThere = store.phoneNumbers.find(workspace.id, to)?.position === position;
  if (isThere && store.calls.find(workspace.id, reserved.id) === undefined) return workspace;
  throw new ApiError('conflict', `${to} was deleted, or the workspace was reset, meanwhile.`);
}

interface Attempt {
  readonly caller: Caller;
  readonly workspace: Workspace;
  readonly request: CallRequest;
  readonly warnings: string[];
}

/** Undefined if the agent cannot take it, of which there is a warning then. */
async function tryToCreate(
  services: Services,
  { caller, workspace, request, warnings }: Attempt,
): Promise<StoredCall | undefined> {
  const warnLater = (find: () => string[]): void => {
    warnings.push(...find());
  };
  try {
    return await createCall(services, { ...caller, warnLater }, workspace, request);
  } catch (error) {
    if (!(error instanceof ApiError) || error.code === 'payment_required') throw error;
    warnings.push(`${request.agentId} cannot take the call: ${error.message}`);
    return undefined;
  }
}

function toQuestion({ id, state, attempts }: DeliveryRecord): Schemas['InboundQuestion'] {
  const { status = null, answer = '' } = attempts.at(-1) ?? {};
  return { delivery: id, state, attempts: attempts.length, status, answer: jsonOrText(answer) };
}
