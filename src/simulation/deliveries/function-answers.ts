import { isOver } from '../../domain/calls/call.js';
import type { StoredCall } from '../../store/calls.js';
import type { WaitingDelivery } from '../../store/deliveries.js';
import type { Store, StoreReader, StoreWriter } from '../../store/store.js';
import { answerFunction, awaitedAgain, type FunctionResult } from '../calls/functions.js';
import { stepInput, callContextReader, withPlan } from '../calls/call-steps.js';
import type { Workspace } from '../workspaces/workspace.js';
import type { CallWebhooks } from './call-webhooks.js';

/** Gives the results of custom functions to the calls that wait for them. */
export interface FunctionAnswers {
  /** False if its call is over, was deleted, or does not wait for it any more. */
  readonly isAwaited: (delivery: WaitingDelivery) => boolean;
  /** Loads what `take` needs. */
  readonly prepare: () => Promise<unknown>;
  /**
   * Gives a result to the call, within the transaction that deletes the delivery. False if the call does
   * not wait for this one.
   */
  readonly take: (
    writer: StoreWriter,
    delivery: WaitingDelivery,
    result: FunctionResult,
  ) => boolean;
  /** Lets what follows a result happen. To be called after the transaction. */
  readonly schedule: (workspaceId: number) => void;
  /**
   * Asks again for the functions that calls of workspaces wait for and whose deliveries are gone. To be
   * called where calls were put into a workspace: snapshots and exports have no deliveries.
   */
  readonly resume: (workspaceIds: readonly number[]) => Promise<void>;
}

interface AnswerParts {
  readonly store: Store;
  readonly get: (workspaceId: number) => Workspace;
  readonly callWebhooks: () => CallWebhooks;
  readonly scheduleBy: (workspaceId: number, at: number) => void;
  readonly announce: (workspaceId: number) => void;
}

export function createFunctionAnswers(parts: AnswerParts): FunctionAnswers {
  const { store, get, callWebhooks, scheduleBy, announce } = parts;
  return {
    isAwaited: (delivery) => findWaiting(store, delivery) !== undefined,
    prepare: () => callWebhooks().load(),
    take(writer, delivery, result) {
      const waiting = findWaiting(writer, delivery);
      if (waiting?.call.details.functions?.awaited?.delivery !== delivery.id) return false;
      const { contextOf, generate } = stepInput(writer, callWebhooks());
      const { id, now: at } = get(delivery.workspaceId);
      writer.workspaces.addProgress({ id, runningDelta: 0, settledAt: at });
      const moment = { context: contextOf(waiting), generate: generate(), at };
      const answered = answerFunction(waiting, result, moment);
      writer.calls.change(withPlan(answered, answered.call.plan));
      return true;
    },
    schedule(id) {
      scheduleBy(id, store.calls.nextDue(id) ?? Infinity);
      announce(id);
    },
    async resume(ids) {
      const awaiting = ids.filter((id) => store.calls.listAwaiting(id).length > 0);
      if (awaiting.length === 0) return;
      await callWebhooks().load();
      store.together((writer) => {
        for (const id of awaiting) askAgain(writer, id, callWebhooks());
      });
    },
  };
}

/** The call that waits for a function, also if the delivery is a copy of the one that it waits for. */
function findWaiting(
  { calls }: StoreReader,
  { workspaceId, callId, tool, happenedAt }: WaitingDelivery,
): StoredCall | undefined {
  const stored = callId === null ? undefined : calls.find(workspaceId, callId);
  const { awaited } = stored?.call.details.functions ?? {};
  if (stored === undefined || isOver(stored.call.state.status)) return undefined;
  return awaited?.at === happenedAt && awaited.name === tool ? stored : undefined;
}

function askAgain(
  writer: StoreWriter,
  workspaceId: number,
  callWebhooks: Pick<CallWebhooks, 'ask' | 'generate'>,
): void {
  for (const stored of writer.calls.listAwaiting(workspaceId)) {
    if (writer.deliveries.waits(workspaceId, stored.call.id, 'custom_function')) continue;
    const asked = awaitedAgain(stored, callContextReader(writer)(stored), callWebhooks.generate());
    if (asked !== undefined) callWebhooks.ask(stored, asked, writer);
  }
}
