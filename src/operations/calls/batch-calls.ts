import type { components } from '../../contract/retell.gen.js';
import { taskIdOf, type BatchCallContent } from '../../domain/calls/batch-call.js';
import { canonicalWindow, findWindowProblem } from '../../domain/calls/call-time-window.js';
import { isE164 } from '../../domain/calls/phone-number.js';
import { newObject } from '../../domain/objects/stored-object.js';
import { ApiError } from '../../errors.js';
import { keyedId } from '../../random.js';
import type { DialTask } from '../../simulation/calls/batch-calls.js';
import type { Workspace } from '../../simulation/workspaces/workspace.js';
import { refuseWithoutCredit, type Operation, type Services } from '../operation.js';
import { openSettled } from './calls.js';
import { createCallNow, refuseLargeMetadata } from './new-call.js';
import { agentOf, detailsOf, refuseCountry, refuseNumber } from './phone-calls.js';

type NewBatchCall = components['schemas']['NewBatchCall'];

export const createBatchCall: Operation<'createBatchCall'> = async (services, caller, { body }) => {
  refuseNumbers(body);
  const { call_time_window: window } = body;
  const problem = window && findWindowProblem(window);
  if (problem !== undefined) {
    throw new ApiError('invalid_request', `body/call_time_window${problem}`);
  }
  const opened = await openSettled(services, caller);
  for (const [index, { to_number }] of body.tasks.entries()) {
    const numbers = { from_number: body.from_number, to_number };
    await refuseCountry(services, opened, numbers, `body/tasks/${String(index)}/to_number`);
  }
  // Time may have passed meanwhile.
  const workspace = await openSettled(services, caller);
  refuseTasks(services, workspace, body);
  const { id: workspaceId, now } = workspace;
  const { trigger_timestamp: trigger = now } = body;
  const id = insertBatch(services, workspace, body);
  services.worker.scheduleBy(workspaceId, Math.max(now, Math.ceil(trigger)));
  return {
    ...{ batch_call_id: id, name: body.name ?? id, from_number: body.from_number },
    ...{ scheduled_timestamp: trigger, total_task_count: body.tasks.length },
    ...(window && { call_time_window: canonicalWindow(window) }),
  };
};

/** @throws ApiError 400 */
function refuseNumbers({ from_number: from, tasks }: NewBatchCall): void {
  const takesAny = tasks.every(({ ignore_e164_validation: ignores }) => ignores === true);
  if (!takesAny && !isE164(from)) refuseNumber('from_number');
  for (const [index, task] of tasks.entries()) {
    const place = `tasks/${String(index)}`;
    if (task.ignore_e164_validation !== true && !isE164(task.to_number)) {
      refuseNumber(`${place}/to_number`);
    }
    refuseLargeMetadata(task.metadata, `body/${place}/metadata`);
  }
}

/** @throws ApiError if an agent is missing, or credit for one of the calls */
function refuseTasks(services: Services, workspace: Workspace, body: NewBatchCall): void {
  for (const task of body.tasks) {
    agentOf(services, workspace, { ...task, from_number: body.from_number });
  }
  const { credit } = workspace;
  // Each call costs as much as others, and is paid when the batch is created.
  refuseWithoutCredit({
    ...workspace,
    credit: credit && Math.max(0, credit - body.tasks.length + 1),
  });
}

/** Stores a batch, with its tasks. Returns its id. */
function insertBatch({ store }: Services, workspace: Workspace, body: NewBatchCall): string {
  const { id: workspaceId, name, settings, now, credit } = workspace;
  const { tasks, from_number, call_time_window: window, trigger_timestamp: trigger = now } = body;
  return store.now((writer, attempt) => {
    const ordinal = writer.workspaces.takeOrdinal(workspaceId, 'object');
    const id = keyedId('batch-call', settings.seed, name, ordinal, attempt);
    const content: BatchCallContent = {
      ...{ name: body.name ?? id, from_number, total_task_count: tasks.length, dialled: 0 },
      ...(window && { call_time_window: canonicalWindow(window) }),
      reserved_concurrency: body.reserved_concurrency ?? 0,
    };
    const schedule = { status: 'dialling', nextAt: Math.max(now, Math.ceil(trigger)) };
    const batch = newObject(id, { ...content }, now, schedule);
    writer.objects.insert({ workspaceId, kind: 'batch-call' }, batch);
    for (const [index, task] of tasks.entries()) {
      const object = newObject(taskIdOf(id, index), { ...task }, now);
      writer.objects.insert({ workspaceId, kind: 'batch-call-task' }, object);
    }
    if (credit !== null) writer.workspaces.setCredit(workspaceId, credit - tasks.length);
    return id;
  });
}

/** Creates the calls of batches. */
export const taskDialler =
  (services: () => Services): DialTask =>
  (workspace, { id: batchCallId, from_number: fromNumber }, task) => {
    try {
      return createCallNow(services(), { workspace: workspace.name }, workspace, {
        ...{ origin: 'dialled', direction: 'outbound', fromNumber, toNumber: task.to_number },
        ...agentOf(services(), workspace, { ...task, from_number: fromNumber }),
        details: { ...detailsOf(task), batchCallId },
        isPaid: true,
      });
    } catch (error) {
      // Not documented: what the task needs was deleted meanwhile. There is no call then.
      if (error instanceof ApiError) return undefined;
      throw error;
    }
  };
