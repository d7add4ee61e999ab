import { isAnalysed, isOver, type WireCall, type WirePhoneCall } from '../../domain/calls/call.js';
import { ApiError } from '../../errors.js';
import { keyedChance } from '../../random.js';
import type { AskedFunction } from '../../simulation/calls/functions.js';
import {
  analysisResults,
  endedNow,
  stepInput,
  passMoments,
  callContextReader,
  storeSteps,
  withDetails,
} from '../../simulation/calls/call-steps.js';
import { pollCall } from '../../simulation/calls/polls.js';
import { toCall, toListedCall } from '../../simulation/calls/render.js';
import { admitWaiting } from '../../simulation/calls/waiting.js';
import { drawDuration } from '../../simulation/testing/outcome.js';
import { loadValueGenerator } from '../../simulation/conversation/schema-value.js';
import type { Workspace } from '../../simulation/workspaces/workspace.js';
import type { StoredCall } from '../../store/calls.js';
import type { StoreWriter } from '../../store/store.js';
import {
  refuseWithoutCredit,
  settle,
  type Caller,
  type Operation,
  type Services,
} from '../operation.js';
import { findCall, findCallToMove } from './find-call.js';

export const openSettled = (services: Services, caller: Caller): Workspace | Promise<Workspace> =>
  settle(services, services.workspaces.open(caller.workspace));

export const showPhoneCall = (services: Services, stored: StoredCall) =>
  show(services, stored) as WirePhoneCall | Promise<WirePhoneCall>;

/** A call as it is now, without waiting for what only a call that is over needs. */
export function show(services: Services, stored: StoredCall): WireCall | Promise<WireCall> {
  const { store, workspaces } = services;
  const { now } = workspaces.get(stored.workspaceId);
  const context = callContextReader(store)(stored);
  if (!isOver(stored.call.state.status)) return toListedCall(stored.call, context, {}, now);
  return loadValueGenerator().then((generate) => toCall(stored.call, context, generate, now));
}

export const getCall: Operation<'getCall'> = async (services, caller, request) => {
  const { workspace, stored } = await findCall(services, caller, request.params.call_id);
  if (stored.progression.kind !== 'polls' || caller.onlyLooks === true)
    return show(services, stored);
  const { store, callWebhooks } = services;
  const loading = callWebhooks.prepare(workspace.id, callContextReader(store)(stored));
  // Another request may move the call meanwhile.
  if (loading !== undefined) return loading.then(() => getCall(services, caller, request));
  const { polled, hasBegun } = store.together((writer) => {
    const polled = pollCall(writer, stored, workspace.now, callWebhooks);
    return { polled, hasBegun: giveRoom(writer, workspace, polled) };
  });
  if (hasBegun) scheduleCalls(services, workspace);
  return show(services, polled);
};

/** Ends a call that is under way. */
export const stopCall: Operation<'stopCall'> = async (services, caller, { params }) => {
  const { workspace, stored } = await findCallToMove(services, () =>
    findCall(services, caller, params.call_id),
  );
  if (stored.call.state.status !== 'ongoing') {
    throw new ApiError('call_is_over', `it is ${stored.call.state.status}.`);
  }
  const delay = analysisDelayOf(workspace, stored);
  const ended = endedNow(stored, workspace.now, 'manual_stopped', delay);
  change(services, workspace, withDetails(ended, { endedBy: 'client' }));
  return undefined;
};

/** The time from the end to the analysis of a call that ends before it was planned to; undefined for none. */
export function analysisDelayOf(
  { settings }: Workspace,
  { call: { id, course } }: StoredCall,
): number | undefined {
  if (course !== undefined) return course.analysisDelay;
  const draw = keyedChance(settings.seed).within('call', id, 'stopped');
  return drawDuration(settings.calls.analysisDelay, (part) => draw(part));
}

/** What else is stored with a call that was changed. */
interface ChangeOfCall {
  /** True if its course has changed, too. */
  readonly isReplanned?: boolean;
  /** A custom function that is called by hand. */
  readonly asked?: AskedFunction;
}

/** Stores a call that was changed, with what happens at once because of it. */
export function change(
  services: Services,
  workspace: Workspace,
  stored: StoredCall,
  { isReplanned = false, asked }: ChangeOfCall = {},
): StoredCall {
  const { id, now } = workspace;
  const { store, worker, changes, callWebhooks } = services;
  const { changed, hasBegun } = store.together((writer) => {
    writer.workspaces.addProgress({ id, runningDelta: 0, settledAt: now });
    const steps = passMoments(stored, now, stepInput(writer, callWebhooks));
    if (isReplanned) writer.calls.changeCourse(stored);
    const changed = storeSteps(writer, stored, steps, callWebhooks);
    if (asked !== undefined) callWebhooks.ask(changed, asked, writer);
    return { changed, hasBegun: giveRoom(writer, workspace, changed) };
  });
  if (changed.nextAt !== null) worker.scheduleBy(id, changed.nextAt);
  if (hasBegun) scheduleCalls(services, workspace);
  changes.announce(id);
  return changed;
}

/** Lets calls that wait for room begin, if this one is over. Returns true if one has begun. */
const giveRoom = (
  writer: StoreWriter,
  { id, now, settings }: Workspace,
  { call }: StoredCall,
): boolean =>
  isOver(call.state.status) && admitWaiting(writer, id, settings.calls.concurrencyLimit, now);

const scheduleCalls = ({ store, worker }: Services, { id }: Workspace): void => {
  worker.scheduleBy(id, store.workspaces.nextDue(id) ?? Infinity);
};

export const deleteCall: Operation<'deleteCall'> = async (services, caller, { params }) => {
  const { workspace, stored } = await findCall(services, caller, params.call_id);
  const { id, now, settings } = workspace;
  const hasBegun = services.store.together((writer) => {
    writer.calls.delete(id, stored.call.id);
    // No event of it happens any more.
    writer.deliveries.releaseRest({ workspaceId: id, callId: stored.call.id, time: now });
    return admitWaiting(writer, id, settings.calls.concurrencyLimit, now);
  });
  services.webhooks.queue.reschedule(id);
  services.llmSessions.forget(stored.key);
  if (hasBegun) scheduleCalls(services, workspace);
  return undefined;
};

export const rerunCallAnalysis: Operation<'rerunCallAnalysis'> = async (
  services,
  caller,
  { params },
) => {
  const { workspace, stored } = await findCall(services, caller, params.call_id);
  const { plan, state, details } = stored.call;
  if (!isAnalysed(plan, state)) throw new ApiError('call_goes_on', 'it was not analysed yet.');
  refuseWithoutCredit(workspace);
  const { store } = services;
  const again = withDetails(stored, { reruns: (details.reruns ?? 0) + 1 });
  const results = { ...again.results, ...analysisResults(again, callContextReader(store)(again)) };
  store.together(({ calls, workspaces }) => {
    calls.change({ ...again, results });
    const { id, credit } = workspace;
    if (credit !== null) workspaces.setCredit(id, credit - 1);
  });
  return show(services, again);
};
