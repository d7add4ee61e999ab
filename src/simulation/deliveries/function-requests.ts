import { functionRequest } from '../../domain/calls/custom-function.js';
import { originOf } from '../../domain/webhooks/webhook-event.js';
import type { StoredCall } from '../../store/calls.js';
import type { StoreWriter } from '../../store/store.js';
import type { AskedFunction } from '../calls/functions.js';
import { toCallWithTranscript } from '../calls/render.js';
import { allVariablesOf } from '../calls/said.js';
import type { CallContext } from '../calls/call-context.js';
import type { GenerateValue } from '../conversation/schema-value.js';
import type { Workspace } from '../workspaces/workspace.js';
import { insertWithFault, subjectOfCall, withoutFault } from './webhook-faults.js';

interface FunctionToAsk {
  readonly asked: AskedFunction;
  readonly context: CallContext;
  readonly generate: GenerateValue;
}

/** Stores the request for a custom function, as it is at the moment at which the agent calls it. */
export function insertFunction(
  writer: StoreWriter,
  workspace: Workspace,
  { call }: StoredCall,
  { asked, context, generate }: FunctionToAsk,
): void {
  const { awaited, tool } = asked;
  const request = functionRequest({
    ...{ tool, arguments: asked.arguments, variables: allVariablesOf(call, context) },
    call: toCallWithTranscript(call, context, generate, awaited.at),
  });
  const { url, method, headers, body, timeout, retries } = request;
  insertWithFault(writer, workspace, subjectOfCall(call), {
    ...{ workspaceId: workspace.id, id: awaited.delivery, event: 'custom_function' },
    ...{ callId: call.id, url, origin: originOf(url), body, timeout, method, retries },
    ...{ tool: tool.name, headers: JSON.stringify(headers) },
    ...{ happenedAt: awaited.at, dueAt: awaited.at },
    ...withoutFault,
  });
}
