import type { components } from '../../contract/retell.gen.js';
import { isOver, type DataStorageSetting } from '../../domain/calls/call.js';
import { ApiError } from '../../errors.js';
import { callContextReader, withDetails } from '../../simulation/calls/call-steps.js';
import type { Workspace } from '../../simulation/workspaces/workspace.js';
import type { StoredCall } from '../../store/calls.js';
import { stricter } from '../data-storage.js';
import { warning, type Caller, type Operation, type Services } from '../operation.js';
import { show } from './calls.js';
import { findCall } from './find-call.js';
import { refuseLargeMetadata } from './new-call.js';

type CallControl = NonNullable<components['schemas']['LiveCallChange']['call_control']>;

/** A call of which less is stored. @throws ApiError 400 if that would store more */
function withStorage(
  { store }: Services,
  stored: StoredCall,
  asked: DataStorageSetting | undefined,
  place: string,
): StoredCall {
  if (asked === undefined) return stored;
  const present = stored.call.dataStorage ?? callContextReader(store)(stored).agent.dataStorage;
  const dataStorage = stricter(present, asked, place);
  return { ...stored, call: { ...stored.call, dataStorage } };
}

export const updateCall: Operation<'updateCall'> = async (services, caller, { params, body }) => {
  const { workspace, stored } = await findCall(services, caller, params.call_id);
  warnOfLiveChange(caller, workspace, stored, body);
  refuseLargeMetadata(body.metadata);
  const { metadata, custom_attributes: attributes, override_dynamic_variables: variables } = body;
  const storage = body.data_storage_setting;
  const changed = withDetails(withStorage(services, stored, storage, 'body/data_storage_setting'), {
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
  const isHeldByServer = details.llm !== undefined;
  const changed = withDetails(withStorage(services, stored, fields.data_storage_setting, place), {
    ...(metadata !== undefined && { metadata }),
    ...(variables !== undefined && {
      liveVariables: variables === null ? {} : { ...details.liveVariables, ...variables },
    }),
    ...(context !== undefined &&
      !isHeldByServer && {
        live: [
          ...(details.live ?? []),
          { at: workspace.now, entry: { role: 'injected', content: context } },
        ],
      }),
  });
  services.store.together(({ calls }) => {
    calls.change(changed);
  });
  if (isHeldByServer) controlAgent(services, stored, control);
  return { success: true };
};

/** What the client wants of an agent that speaks through a server of its own. */
function controlAgent(
  { llmSessions }: Services,
  { key }: StoredCall,
  { additional_context: content, trigger_response: triggers }: CallControl,
): void {
  if (content !== undefined) llmSessions.act(key, { kind: 'injects', content });
  if (triggers === true) llmSessions.act(key, { kind: 'triggers' });
}
