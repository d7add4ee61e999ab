import type { OperationRequest, OperationResult } from '../contract/operation.js';
import type { operations } from '../contract/retell.gen.js';
import type { Worker } from '../simulation/worker.js';
import type { Store } from '../store/store.js';

export type OperationId = keyof operations;

/** What operations work with. */
export interface Services {
  readonly store: Store;
  readonly worker: Worker;
}

/** Who asks, and when. */
export interface Caller {
  /** The name of the workspace behind the caller's key. */
  readonly workspace: string;
  /** Milliseconds since the epoch, read once for the whole request. */
  readonly now: number;
}

/**
 * What an operation of the vendor's contract means. Its request has been validated; what it
 * returns is the body of the success answer.
 * @throws ApiError to refuse.
 */
export type Operation<Id extends OperationId> = (
  services: Services,
  caller: Caller,
  request: OperationRequest<operations, Id>,
) => OperationResult<operations, Id> | Promise<OperationResult<operations, Id>>;
