import { addHappened, nothingHappened, type Happened } from '../../simulation/clockwork/worker.js';
import type { Services } from '../operation.js';
import { settleUntil, wasReset } from './control-operation.js';

/**
 * Makes all happen that is due in a workspace by `target`, in the order of its due times, webhooks included.
 * Time does not go on while a webhook is under way, so that whoever gets it and asks for its call is told
 * how the call is then.
 *
 * A receiver may ask for anything meanwhile. What asks settles the workspace without webhooks, and so does
 * not wait for the one that waits for its answer.
 * @throws ApiError 409 if the workspace was reset or restored meanwhile
 */
export async function passTime(services: Services, id: number, target: number): Promise<Happened> {
  const { worker, webhooks } = services;
  const { queue } = webhooks;
  const isSameState = worker.watch(id);
  let total = nothingHappened;
  for (;;) {
    const happened = await settleUntil(services, id, () => Math.min(target, queue.nextDue(id)));
    total = addHappened(total, happened);
    const due = queue.nextDue(id);
    if (due <= target) await queue.pass(id, due);
    // The webhook that stopped the work before may be over by now.
    else if (worker.isSettled(id, target)) return total;
    if (!isSameState()) throw wasReset();
  }
}
