import { ApiError } from '../../errors.js';
import type { Steps } from '../../store/steps.js';
import type { Store, StoreWriter } from '../../store/store.js';
import type { Clock } from '../../workspace/clock.js';
import type { Changes } from '../clockwork/changes.js';

export interface SliceParts {
  readonly store: Store;
  readonly changes: Changes;
  readonly clock: Clock;
}

/** How much is done in one transaction, by the costs of steps: some 10 ms. */
const sliceCost = 500;

/**
 * Makes steps in several transactions, with pauses in which requests to other workspaces are served.
 * @throws ApiError 503 if the emulator closes meanwhile
 */
export async function inSlices<Result>(
  { store, clock, changes }: SliceParts,
  begin: (writer: StoreWriter) => Steps<Result>,
): Promise<Result> {
  let steps: Steps<Result> | undefined;
  const makeSlice = (writer: StoreWriter): { readonly result: Result } | undefined => {
    steps ??= begin(writer);
    for (let cost = 0; cost < sliceCost;) {
      const step = steps.next();
      if (step.done === true) return { result: step.value };
      cost += step.value;
    }
    return undefined;
  };
  for (;;) {
    const last = store.now(makeSlice);
    if (last !== undefined) return last.result;
    // Two: requests that came meanwhile are read in one, and answered at the end of it.
    await clock.turn();
    await clock.turn();
    if (changes.closed) throw new ApiError('unavailable');
  }
}
