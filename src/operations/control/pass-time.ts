import { addHappened, nothingHappened, type Happened } from '../../simulation/clockwork/worker.js';
import { ApiError } from '../../errors.js';
import type { DeliveryState } from '../../outbound/delivery-journal.js';
import type { Services } from '../operation.js';
import { settleUntil, wasReset } from './control-operation.js';

/** What happened while time passed. */
interface Passed extends Happened {
  readonly webhooksDelivered: number;
  readonly webhooksFailed: number;
}

/**
 * Makes all happen that is due in a workspace by `target`, in the order of its due times, webhooks and calls
 * that a custom LLM holds included. Time does not go on while a webhook is under way, so that whoever gets it
 * and asks for its call is told how the call is then; nor while the server of a custom LLM is awaited.
 *
 * A receiver may ask for anything meanwhile. What asks settles the workspace without webhooks, and so does
 * not wait for the one that waits for its answer.
 * @throws ApiError 409 if the workspace was reset or restored meanwhile, 503 if the emulator was closed
 */
export async function passTime(services: Services, id: number, target: number): Promise<Passed> {
  const { webhooks, workspaces } = services;
  const counts = { delivered: 0, failed: 0 };
  const isCounted = (state: DeliveryState): state is keyof typeof counts => state in counts;
  const stopCounting = webhooks.journal.subscribe(workspaces.get(id).name, (record) => {
    if (record !== undefined && isCounted(record.state)) counts[record.state] += 1;
  });
  try {
    const happened = await passUntil(services, id, target);
    return {
      ...happened,
      webhooksDelivered: counts.delivered,
      webhooksFailed: counts.failed,
    };
  } finally {
    stopCounting();
  }
}

async function passUntil(services: Services, id: number, target: number): Promise<Happened> {
  const { worker, webhooks, llmSessions, changes } = services;
  const { queue } = webhooks;
  const isSameState = worker.watch(id);
  let total = nothingHappened;
  for (;;) {
    const happened = await settleUntil(services, id, () =>
      Math.min(target, queue.nextDue(id), llmSessions.nextDue(id), llmSessions.heldAt(id)),
    );
    total = addHappened(total, happened);
    const [delivery, session] = [queue.nextDue(id), llmSessions.nextDue(id)];
    const bound = Math.min(target, llmSessions.heldAt(id));
    // A session first: it goes on while a webhook of the same moment is under way.
    if (session <= Math.min(bound, delivery)) llmSessions.pass(id, session);
    else if (delivery <= bound) await queue.pass(id, delivery);
    else if (bound < target) await llmSessions.whenChanged(id);
    // The webhook that stopped the work before may be over by now.
    else if (worker.isSettled(id, target)) return total;
    if (changes.closed) throw new ApiError('unavailable');
    if (!isSameState()) throw wasReset();
  }
}
