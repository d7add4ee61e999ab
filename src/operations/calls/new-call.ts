import type { components } from '../../contract/retell.gen.js';
import { newCallState } from '../../domain/calls/call.js';
import type { CallRecord } from '../../domain/calls/call-record.js';
import { findUnknownValues, findWrongValues } from '../../domain/calls/forced-call.js';
import type { ResponseEngine } from '../../domain/engines/response-engine.js';
import { ApiError, MissingError } from '../../errors.js';
import { keyedChance, keyedId } from '../../random.js';
import {
  beginCall,
  stepInput,
  passMoments,
  callContextReader,
  storeSteps,
  withTurns,
} from '../../simulation/calls/call-steps.js';
import {
  noContent,
  readCallContext,
  type CallContext,
} from '../../simulation/calls/call-context.js';
import { lookUpEngine } from '../../simulation/engine-lookup.js';
import type { Workspace } from '../../simulation/workspaces/workspace.js';
import type { NewCall, StoredCall } from '../../store/calls.js';
import type { StoreWriter } from '../../store/store.js';
import { getAgentVersion } from '../agents/agents.js';
import { refuseWithoutCredit, settle, warning, type Caller, type Services } from '../operation.js';
import { planByServer, planCall, planOf } from './call-plan.js';
import type { CallRequest, ReservedCall } from './call-request.js';

type Schemas = components['schemas'];

/** Takes the next id of a call. */
export const reserveCall = (
  { store }: Services,
  { id: workspaceId, name, settings }: Workspace,
): ReservedCall =>
  store.now(({ workspaces, calls }) => {
    const ordinal = workspaces.takeOrdinal(workspaceId, 'call');
    for (let attempt = 1; ; attempt += 1) {
      const id = keyedId('call', settings.seed, name, ordinal, attempt);
      if (calls.find(workspaceId, id) === undefined) return { id, ordinal };
    }
  });

/** Documented: how large metadata may be. */
const maxMetadata = 50 * 1024;

/** @throws ApiError 400 */
export function refuseLargeMetadata(metadata: object | undefined, place = 'body/metadata'): void {
  if (metadata !== undefined && Buffer.byteLength(JSON.stringify(metadata)) > maxMetadata) {
    throw new ApiError('invalid_request', `${place} must NOT have more than 50 kB`);
  }
}

/** A version of an agent, with what it says. */
export interface AgentContent {
  readonly version: number;
  /** Null if the emulator does not have it. */
  readonly contentKey: number | null;
  readonly content: Readonly<Record<string, unknown>>;
}

/**
 * The agent of a call. One that does not exist is taken by policy, so that a first call can be placed
 * where nothing was created yet.
 * @throws ApiError
 */
function findAgent(
  services: Services,
  caller: Caller,
  { id: workspaceId, settings }: Workspace,
  { agentId: id, agentVersion: version }: CallRequest,
): AgentContent {
  const name = { workspaceId, kind: 'agent', id } as const;
  if (services.store.assets.refer(name) !== undefined) {
    return getAgentVersion(services, caller, id, version).asset;
  }
  if (settings.unknownEngines === 'reject') throw new MissingError(id, 'agent', 'unprocessable');
  return { version: madeUpVersion(version), contentKey: null, content: noContent };
}

/** The version of an agent that does not exist. @throws ApiError 400 if no agent could have it. */
export function madeUpVersion(version: number | string | undefined): number {
  if (typeof version !== 'number') return 0;
  if (Number.isSafeInteger(version) && version >= 0) return version;
  const problem = "the agent's version must be a whole number from 0 to 2^53 - 1";
  throw new ApiError('invalid_request', problem);
}

type EngineOfCall = Pick<StoredCall, 'engineType' | 'engineContentKey'>;

const noEngine: EngineOfCall = { engineType: null, engineContentKey: null };

/** The engine that the agent speaks through, as it is now. @throws ApiError 400 */
export function findEngine(
  { store }: Services,
  { id }: Workspace,
  content: Readonly<Record<string, unknown>>,
): EngineOfCall {
  const engine = content['response_engine'] as Schemas['ResponseEngine'] | undefined;
  if (engine === undefined || engine.type === 'custom-llm') return noEngine;
  const found = lookUpEngine<ResponseEngine>(store, id, engine);
  if ('problem' in found) {
    throw new ApiError('invalid_request', `the agent's response_engine/version ${found.problem}`);
  }
  return { engineType: engine.type, engineContentKey: found.contentKey };
}

/** A call that can be created, unless something must be loaded before. */
interface PreparedCall {
  readonly agent: ReturnType<typeof findAgent>;
  readonly engine: EngineOfCall;
  readonly context: CallContext;
  readonly isOverLimit: boolean;
  readonly loading: Promise<unknown> | undefined;
}

/** @throws ApiError */
function prepareCall(
  services: Services,
  caller: Caller,
  workspace: Workspace,
  request: CallRequest,
): PreparedCall {
  if (request.isPaid !== true) refuseWithoutCredit(workspace);
  refuseLargeMetadata(request.details.metadata);
  const agent = findAgent(services, caller, workspace, request);
  const { override } = request.details;
  const engine = findEngine(services, workspace, { ...agent.content, ...override?.agent });
  const isOverLimit = isFull(services, workspace, request);
  const context = readCallContext({ agent: agent.content, engine: undefined, override });
  const progression = caller.progression ?? workspace.settings.progression;
  // The others do not come to their functions here, so their engine is not read.
  const read = progression.kind === 'immediate' ? { agent, engine, override } : undefined;
  const whole = read ? readWhole(services, read) : context;
  const loading = services.callWebhooks.prepare(workspace.id, whole);
  return { agent, engine, context, isOverLimit, loading };
}

/**
 * Creates a call and decides how it goes. The workspace must be settled.
 * @throws ApiError
 */
export function createCall(
  services: Services,
  caller: Caller,
  workspace: Workspace,
  request: CallRequest,
): StoredCall | Promise<StoredCall> {
  const prepared = prepareCall(services, caller, workspace, request);
  const { loading } = prepared;
  if (loading === undefined) return insertCall(services, caller, workspace, request, prepared);
  return loading
    .then(() => settle(services, services.workspaces.get(workspace.id)))
    .then((present) => createCall(services, caller, present, request));
}

/**
 * The same, at once. Returns a promise of what must be loaded before; no call was created then.
 * @throws ApiError
 */
export function createCallNow(
  services: Services,
  caller: Caller,
  workspace: Workspace,
  request: CallRequest,
): Promise<unknown> | undefined {
  const prepared = prepareCall(services, caller, workspace, request);
  if (prepared.loading !== undefined) return prepared.loading;
  insertCall(services, caller, workspace, request, prepared);
  return undefined;
}

function insertCall(
  services: Services,
  caller: Caller,
  workspace: Workspace,
  request: CallRequest,
  { agent, engine, context, isOverLimit }: PreparedCall,
): StoredCall {
  const { store, callWebhooks } = services;
  const { id: workspaceId, name, settings, now } = workspace;
  const progression = caller.progression ?? settings.progression;
  if (agent.contentKey === null) caller.warnLater?.(warning(madeUp(request.agentId)));
  const { origin, direction, fromNumber, toNumber, agentId } = request;
  const { reserved, details } = request;
  const created = store.together((writer, attempt) => {
    const ordinal = reserved?.ordinal ?? writer.workspaces.takeOrdinal(workspaceId, 'call');
    const id = reserved?.id ?? keyedId('call', settings.seed, name, ordinal, attempt);
    const { course, llm, waiting } = planCall(writer, workspace, request, {
      ...{ agent: context.agent, isOverLimit, progression },
      draw: keyedChance(settings.seed).within('call', id).within('course'),
      heldByServer: (course) =>
        planByServer(services, caller, workspace, {
          ...{ course, callId: id, context, variables: details.variables ?? {}, progression },
        }),
    });
    const call: CallRecord = {
      ...{ id, origin, direction, fromNumber, toNumber, agentId, seed: settings.seed, ordinal },
      ...{ agentVersion: agent.version, course, state: newCallState },
      details: { ...details, ...(llm && { llm }), ...(waiting && { waiting }) },
      plan: planOf(progression, { course, llm }, now),
      dataStorage: undefined,
    };
    const begun = begin(services, writer, context, {
      ...{ key: 0, workspaceId, call, ...engine, agentContentKey: agent.contentKey },
      ...{ seedKey: writer.seedKeyOf(settings.seed), progression, reads: 0 },
    });
    const stored = { ...begun, key: writer.calls.insert(begun) };
    const credit = request.isPaid === true ? null : workspace.credit;
    if (credit !== null) writer.workspaces.setCredit(workspaceId, credit - 1);
    if (progression.kind !== 'immediate') return stored;
    const steps = passMoments(stored, now, stepInput(writer, callWebhooks));
    return storeSteps(writer, stored, steps, callWebhooks);
  });
  if (created.nextAt !== null) services.worker.scheduleBy(workspaceId, created.nextAt);
  warnOfAnalysis(caller, created, context);
  return created;
}

interface ContextParts {
  readonly agent: AgentContent;
  readonly engine: EngineOfCall;
  readonly override: CallRequest['details']['override'];
}

/** The context of a new call, with its engine. */
function readWhole({ store }: Services, { agent, engine, override }: ContextParts): CallContext {
  const { engineType: type, engineContentKey: key } = engine;
  return readCallContext({
    ...{ agent: agent.content, override },
    engine:
      type === null || key === null ? undefined : { type, content: store.assets.getContent(key) },
  });
}

const madeUp = (agentId: string): string =>
  `there is no agent ${agentId}: the call is held with one that is made up`;

/** Warns of values that a rule gives and that the agent does not define so. */
function warnOfAnalysis({ warnLater }: Caller, { call }: StoredCall, { agent }: CallContext): void {
  const { decidedBy, forced } = call.course ?? {};
  const custom = forced?.analysis?.custom;
  if (decidedBy?.source !== 'rule' || forced === undefined || custom === undefined) return;
  const { analysisItems: items } = agent;
  const problems = [
    ...findWrongValues(forced, items),
    ...findUnknownValues(forced, items).map((name) => {
      return { name, problem: "is no item of the agent's post_call_analysis_data" };
    }),
  ];
  if (problems.length === 0) return;
  const { rule } = decidedBy;
  const texts = problems.map(({ name, problem }) => `${rule}: analysis/custom/${name} ${problem}`);
  warnLater?.(() => texts, texts.join().length);
}

/** A new call before anything has happened in it, with its turns if somebody is told of them. */
function begin(
  { callWebhooks }: Services,
  writer: StoreWriter,
  context: CallContext,
  stored: Parameters<typeof beginCall>[0],
): NewCall {
  const begun = { ...beginCall(stored), key: 0 };
  // hot path: the engine is read only for turns.
  if (!callWebhooks.sendsTurns(stored.workspaceId, context)) return begun;
  return withTurns(begun, callContextReader(writer)(begun), callWebhooks);
}

/** Whether there is no room for a call. @throws ApiError 429 by policy */
function isFull(
  { store }: Services,
  { id, settings }: Workspace,
  { origin }: CallRequest,
): boolean {
  const { concurrencyLimit: limit, concurrencyExceeded: policy } = settings.calls;
  if (origin === 'registered' || store.calls.countUnderWay(id) < limit) return false;
  if (policy === 'end' || origin === 'inbound') return true;
  throw new ApiError('concurrency_limited', `${String(limit)} calls are under way.`);
}
