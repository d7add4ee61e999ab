import type { components } from '../../contract/control.gen.js';
import { connectsBefore, isOver, type CallPlan } from '../../domain/calls/call.js';
import type { CallRecord } from '../../domain/calls/call-record.js';
import { findForcedCallProblem, findWrongValues } from '../../domain/calls/forced-call.js';
import type { EngineTool } from '../../domain/engines/engine-tool.js';
import { ApiError } from '../../errors.js';
import { keyedChance } from '../../random.js';
import {
  answeredNow,
  connectedNow,
  endedEarly,
  joinedNow,
  saidNow,
} from '../../simulation/calls/by-hand.js';
import { planCourse } from '../../simulation/calls/course.js';
import { callContextReader, withTurns } from '../../simulation/calls/call-steps.js';
import { chanceOf, variablesOf } from '../../simulation/calls/said.js';
import { askByHand } from '../../simulation/calls/functions.js';
import type { CallContext } from '../../simulation/calls/call-context.js';
import { requestedFunction, toSpeech } from '../../simulation/calls/script.js';
import { drawDuration } from '../../simulation/testing/outcome.js';
import type { Workspace } from '../../simulation/workspaces/workspace.js';
import type { StoredCall } from '../../store/calls.js';
import { parseDuration } from '../../workspace/settings.js';
import { planByServer } from '../calls/call-plan.js';
import { analysisDelayOf, change } from '../calls/calls.js';
import { findCallToMove, type FoundCall } from '../calls/find-call.js';
import { findSettledWorkspace, type Caller, type Services } from '../operation.js';
import { explain } from './call-provenance.js';
import { found, type ControlOperation } from './control-operation.js';

type Schemas = components['schemas'];

/** @throws ApiError 404 */
async function findCall(services: Services, caller: Caller, id: string): Promise<FoundCall> {
  const workspace = found(await findSettledWorkspace(services, caller));
  return { workspace, stored: found(services.store.calls.find(workspace.id, id)) };
}

const findToMove = (services: Services, caller: Caller, id: string): Promise<FoundCall> =>
  findCallToMove(services, () => findCall(services, caller, id));

export const explainCall: ControlOperation<'explainCall'> = async (
  services,
  caller,
  { params },
) => {
  const { workspace, stored } = await findCall(services, caller, params.call_id);
  return explain(services, workspace, stored);
};

export const answerCall: ControlOperation<'answerCall'> = async (services, caller, { params }) => {
  const { workspace, stored } = await findToMove(services, caller, params.call_id);
  const { state, course } = stored.call;
  refuseOver(stored);
  if (stored.call.origin === 'web') {
    refuse('A web call is joined: POST /_emulator/calls/{call_id}/join.');
  }
  if (state.status === 'ongoing') refuse('Somebody has answered the call already.');
  if (course?.decidedBy.source === 'timeout') {
    const dialled = planIfDialled(services, caller, workspace, stored);
    return moveReplanned(services, workspace, connectedNow(stored, workspace.now, dialled));
  }
  if (course !== undefined && !connects(stored.call)) {
    refuse(`The call is planned to end as ${course.reason}, without an answer.`);
  }
  return move(services, workspace, answeredNow(stored, workspace.now));
};

/** True for a call in which somebody answers; for how long is not planned if a server holds it. */
const connects = ({ course, details }: CallRecord): boolean =>
  course?.talk !== undefined || details.llm !== undefined;

/** How a registered call goes once it is connected: no rule decided it when it was created. */
function planIfDialled(
  services: Services,
  caller: Caller,
  workspace: Workspace,
  { call, progression, ...stored }: StoredCall,
) {
  const context = callContextReader(services.store)({ call, progression, ...stored });
  const course = planCourse({
    ...{ origin: 'registered', toNumber: call.toNumber, isOverLimit: false },
    ...{ agent: context.agent, settings: workspace.settings.calls },
    byRule: { rule: '', outcome: {} },
    draw: chanceOf(call).within('course'),
  });
  const held = planByServer(services, caller, workspace, {
    ...{ course, callId: call.id, context, variables: variablesOf(call), progression },
  });
  return { course: held?.course ?? course, llm: held?.llm };
}

export const joinWebCall: ControlOperation<'joinWebCall'> = async (
  services,
  caller,
  { params },
) => {
  const { workspace, stored } = await findToMove(services, caller, params.call_id);
  const { state, course } = stored.call;
  refusePhoneCall(stored);
  refuseOver(stored);
  if (state.status === 'ongoing') refuse('The call was joined already.');
  if (course !== undefined && !connects(stored.call)) {
    refuse(`The call is planned to end as ${course.reason}, and nobody can join it.`);
  }
  const joined = joinedNow(stored, workspace.now);
  const isReplanned = course?.isJoinedByHand === true;
  return isReplanned
    ? moveReplanned(services, workspace, joined)
    : move(services, workspace, joined);
};

export const leaveWebCall: ControlOperation<'leaveWebCall'> = async (
  services,
  caller,
  { params },
) => {
  const { workspace, stored } = await findToMove(services, caller, params.call_id);
  refusePhoneCall(stored);
  refuseUnlessOngoing(stored);
  return end(services, workspace, stored, { disconnectionReason: 'user_hangup' });
};

export const sayInCall: ControlOperation<'sayInCall'> = async (
  services,
  caller,
  { params, body },
) => {
  const { workspace, stored } = await findToMove(services, caller, params.call_id);
  refuseUnlessOngoing(stored);
  if (stored.call.details.llm !== undefined) return sayToServer(services, workspace, stored, body);
  const context = callContextReader(services.store)(stored);
  const tool = stored.call.course === undefined ? functionToAsk(body, context) : undefined;
  if (tool === undefined) {
    const said = saidNow(stored, workspace.now, toSpeech(body, context.engine));
    return move(services, workspace, said);
  }
  const { awaited } = stored.call.details.functions ?? {};
  if (awaited !== undefined) refuse(`The call waits for the function ${awaited.name}.`);
  const moment = { context, generate: services.callWebhooks.generate(), at: workspace.now };
  const asked = askByHand(stored, tool, body.role === 'tool' ? body.arguments : undefined, moment);
  return explain(services, workspace, change(services, workspace, asked.stored, asked));
};

/** The custom function that is requested because somebody lets the agent call it. */
const functionToAsk = (
  body: Schemas['CallEntryInput'],
  { engine }: CallContext,
): EngineTool | undefined =>
  body.role === 'tool' && body.result === undefined
    ? requestedFunction(engine, body.name)
    : undefined;

/** The client's own server says what the agent says, so only the user can speak by hand. */
function sayToServer(
  services: Services,
  workspace: Workspace,
  stored: StoredCall,
  entry: Schemas['CallEntryInput'],
): Schemas['CallProvenance'] {
  if (entry.role !== 'user' && entry.role !== 'dtmf') {
    refuse(`A custom LLM holds this call: only the user speaks by hand, not "${entry.role}".`);
  }
  services.llmSessions.act(
    stored.key,
    entry.role === 'dtmf'
      ? { kind: 'presses', digit: entry.digit }
      : { kind: 'says', content: entry.content },
  );
  return explain(
    services,
    workspace,
    services.store.calls.find(workspace.id, stored.call.id) ?? stored,
  );
}

export const hangUpCall: ControlOperation<'hangUpCall'> = async (
  services,
  caller,
  { params, body },
) => {
  const { workspace, stored } = await findToMove(services, caller, params.call_id);
  refuseUnlessOngoing(stored);
  const disconnectionReason = body.by === 'user' ? 'user_hangup' : 'agent_hangup';
  return end(services, workspace, stored, { disconnectionReason });
};

export const endCall: ControlOperation<'endCall'> = async (services, caller, { params, body }) => {
  const { workspace, stored } = await findToMove(services, caller, params.call_id);
  const { disconnectionReason: reason } = body;
  refuseOver(stored);
  const isOngoing = stored.call.state.status === 'ongoing';
  if (connectsBefore(reason) && !isOngoing) {
    refuse(`"${reason}" ends calls that were answered: answer it first.`);
  }
  if (!connectsBefore(reason) && isOngoing) {
    refuse(`"${reason}" ends calls that nobody answered: this one is ongoing.`);
  }
  refuseWrong(services, stored, body);
  return end(services, workspace, stored, body);
};

/** @throws ApiError 400 for what contradicts itself, or what the agent defines otherwise. */
function refuseWrong({ store }: Services, stored: StoredCall, body: Schemas['CallEnd']): void {
  const found = findForcedCallProblem(body);
  if (found !== undefined) {
    throw new ApiError('invalid_request', `body/${found.name} ${found.problem}`);
  }
  const { analysisItems } = callContextReader(store)(stored).agent;
  const [wrong] = findWrongValues(body, analysisItems);
  if (wrong === undefined) return;
  throw new ApiError('invalid_request', `body/analysis/custom/${wrong.name} ${wrong.problem}`);
}

function end(
  services: Services,
  workspace: Workspace,
  stored: StoredCall,
  { disconnectionReason: reason, analysisDelay, ...forced }: Schemas['CallEnd'],
): Schemas['CallProvenance'] {
  const { settings, now } = workspace;
  const draw = keyedChance(settings.seed).within('call', stored.call.id, 'transferred');
  const given = analysisDelay === undefined ? undefined : parseDuration(analysisDelay);
  const ended = endedEarly(stored, now, {
    reason,
    endedBy: 'hand',
    analysisDelay:
      forced.analysis === null ? undefined : (given ?? analysisDelayOf(workspace, stored)),
    transferRest: drawDuration(settings.calls.duration, (part) => draw(part)),
    forced,
  });
  return move(services, workspace, ended);
}

const move = (services: Services, workspace: Workspace, stored: StoredCall) =>
  explain(services, workspace, change(services, workspace, stored));

/** The same with a call whose course has changed, and so its turns. */
function moveReplanned(services: Services, workspace: Workspace, stored: StoredCall) {
  const { store, callWebhooks } = services;
  const planned = withTurns(stored, callContextReader(store)(stored), callWebhooks);
  return explain(services, workspace, change(services, workspace, planned, { isReplanned: true }));
}

function refuse(problem: string): never {
  throw new ApiError('conflict', problem);
}

/** @throws ApiError 409 */
function refusePhoneCall({ call }: StoredCall): void {
  if (call.origin !== 'web') refuse('It is a phone call.');
}

/** @throws ApiError 409 */
function refuseOver({ call: { state, plan } }: StoredCall): void {
  if (isOver(state.status)) refuse(`The call is over: ${state.status}, ${reasonOf(plan)}.`);
}

/** @throws ApiError 409 */
function refuseUnlessOngoing(stored: StoredCall): void {
  refuseOver(stored);
  if (stored.call.state.status !== 'ongoing') refuse('Nobody has answered the call yet.');
}

const reasonOf = ({ reason = 'error_unknown' }: CallPlan): string => reason;
