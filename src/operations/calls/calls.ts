import {
  isAnalysed,
  isOver,
  type DataStorageSetting,
  type WireCall,
  type WirePhoneCall,
} from '../../domain/calls/call.js';
import { ApiError } from '../../errors.js';
import { keyedChance } from '../../random.js';
import {
  analysisResults,
  endedNow,
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
  warning,
  type Caller,
  type Operation,
  type Services,
} from '../operation.js';
import { findCall, findCallToMove } from './find-call.js';
import { refuseLargeMetadata } from './new-call.js';

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

/**
 * Stores a call that was changed, with what happens at once because of it.
 * @param isReplanned true if its course has changed, too.
 */
export function change(
  services: Services,
  workspace: Workspace,
  stored: StoredCall,
  isReplanned = false,
): StoredCall {
  const { id, now } = workspace;
  const { store, worker, changes, callWebhooks } = services;
  const { changed, hasBegun } = store.together((writer) => {
    writer.workspaces.addProgress({ id, runningDelta: 0, settledAt: now });
    const steps = passMoments(stored, now, callContextReader(writer));
    if (isReplanned) writer.calls.changeCourse(stored);
    const changed = storeSteps(writer, stored, steps, callWebhooks);
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
  worker.scheduleBy(id, store.calls.nextDue(id) ?? Infinity);
};

export const deleteCall: Operation<'deleteCall'> = async (services, caller, { params }) => {
  const { workspace, stored } = await findCall(services, caller, params.call_id);
  const { id, now, settings } = workspace;
  const { call } = stored;
  const hasBegun = services.store.together((writer) => {
    writer.calls.delete(id, call.id);
    // No event of it happens any more.
    writer.deliveries.releaseRest({ workspaceId: id, callId: call.id, time: now });
    return admitWaiting(writer, id, settings.calls.concurrencyLimit, now);
  });
  services.webhooks.queue.reschedule(id);
  if (hasBegun) scheduleCalls(services, workspace);
  return undefined;
};

const strictness: readonly DataStorageSetting[] = [
  'everything',
  'everything_except_pii',
  'basic_attributes_only',
];

/** The setting to store less of a call. @throws ApiError 400 if that would store more */
function stricter(
  { store }: Services,
  stored: StoredCall,
  asked: DataStorageSetting | undefined,
  place: string,
): StoredCall {
  if (asked === undefined) return stored;
  const present = stored.call.dataStorage ?? callContextReader(store)(stored).agent.dataStorage;
  if (strictness.indexOf(asked) < strictness.indexOf(present)) {
    throw new ApiError('invalid_request', `${place} must not be less strict than ${present}`);
  }
  return { ...stored, call: { ...stored.call, dataStorage: asked } };
}

export const updateCall: Operation<'updateCall'> = async (services, caller, { params, body }) => {
  const { workspace, stored } = await findCall(services, caller, params.call_id);
  warnOfLiveChange(caller, workspace, stored, body);
  refuseLargeMetadata(body.metadata);
  const { metadata, custom_attributes: attributes, override_dynamic_variables: variables } = body;
  const storage = body.data_storage_setting;
  const changed = withDetails(stricter(services, stored, storage, 'body/data_storage_setting'), {
    ...(metadata !== undefined && { metadata }),
    ...(attributes !== undefined && {
      customAttributes: { ...stored.call.details.customAttributes, ...attributes },
    }),
    ...(variables !== undefined && { liveVariables: variables ?? {} }),
  });
  services.store.together(({ calls }) => {
    calls.change(changed);
  });
  return show(services, changed);
};

/** Documented: since 31 August 2026 only calls that are over are changed here. @throws ApiError by policy */
function warnOfLiveChange(
  caller: Caller,
  { settings }: Workspace,
  { call }: StoredCall,
  body: { readonly override_dynamic_variables?: unknown },
): void {
  const goesOn = !isOver(call.state.status);
  if (!goesOn && body.override_dynamic_variables === undefined) return;
  if (settings.deprecated === 'serve') return;
  const detail = goesOn
    ? `it is ${call.state.status}, and PATCH /v2/update-live-call/{call_id} changes it.`
    : 'body/override_dynamic_variables is for calls that go on.';
  if (settings.deprecated === 'warn') {
    caller.warnLater?.(warning(`the real service refuses this: ${detail}`));
  } else if (goesOn) {
    throw new ApiError('call_goes_on', detail);
  } else {
    throw new ApiError('deprecated', detail);
  }
}

export const updateLiveCall: Operation<'updateLiveCall'> = async (
  services,
  caller,
  { params, body },
) => {
  const { workspace, stored } = await findCall(services, caller, params.call_id);
  if (stored.call.state.status !== 'ongoing') {
    throw new ApiError('call_is_over', `it is ${stored.call.state.status}.`);
  }
  const { fields_to_override: fields = {}, call_control: control = {} } = body;
  const { metadata, override_dynamic_variables: variables } = fields;
  refuseLargeMetadata(metadata, 'body/fields_to_override/metadata');
  const { additional_context: context } = control;
  const place = 'body/fields_to_override/data_storage_setting';
  const { details } = stored.call;
  const changed = withDetails(stricter(services, stored, fields.data_storage_setting, place), {
    ...(metadata !== undefined && { metadata }),
    ...(variables !== undefined && {
      liveVariables: variables === null ? {} : { ...details.liveVariables, ...variables },
    }),
    ...(context !== undefined && {
      live: [
        ...(details.live ?? []),
        { at: workspace.now, entry: { role: 'injected', content: context } },
      ],
    }),
  });
  services.store.together(({ calls }) => {
    calls.change(changed);
  });
  return { success: true };
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
