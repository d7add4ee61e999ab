import { ApiError } from '../../errors.js';
import type { Services } from '../operation.js';

export interface Wait {
  /** The name of the workspace that waits. */
  readonly workspace: string;
  /** Calls back at each change, until the returned function is called. */
  readonly subscribe: (listener: () => void) => () => void;
  /** May throw, which ends the wait. */
  readonly isThere: () => boolean;
  /** Milliseconds of the machine's clock. */
  readonly timeout: number;
  readonly signal: AbortSignal | undefined;
}

/**
 * Resolves when the condition holds, when the timeout is over, or when the client has gone.
 * @throws ApiError 503 if the emulator is closed meanwhile, 429 if too many requests wait already.
 */
export async function waitFor({ clock, changes, waiters }: Services, wait: Wait): Promise<void> {
  const { workspace, subscribe, isThere, timeout, signal } = wait;
  if (isThere()) return;
  const leave = waiters.add(workspace);
  await new Promise<void>((resolve) => {
    let isOver = false;
    const end = (): void => {
      if (isOver) return;
      isOver = true;
      leave();
      timer.cancel();
      unsubscribe();
      unsubscribeFromEnd();
      signal?.removeEventListener('abort', end);
      resolve();
    };
    signal?.addEventListener('abort', end);
    const timer = clock.wakeAt(clock.now() + timeout, end);
    const unsubscribe = subscribe(() => {
      try {
        if (isThere()) end();
      } catch {
        // The object was deleted: the caller's next look at it says so.
        end();
      }
    });
    const unsubscribeFromEnd = changes.onClose(end);
    // Those listeners hear only what happens later, so check what happened before.
    if (changes.closed || signal?.aborted === true) end();
  });
  if (changes.closed) throw new ApiError('unavailable');
}
