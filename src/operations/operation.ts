import type { OperationRequest, OperationResult } from '../contract/operation.js';
import type { UnknownValue } from '../contract/open-values.js';
import type { operations } from '../contract/retell.gen.js';
import { ApiError } from '../errors.js';
import type { Changes } from '../simulation/changes.js';
import type { Worker } from '../simulation/worker.js';
import type { Workspace } from '../simulation/workspace.js';
import type { Workspaces } from '../simulation/workspaces.js';
import { storageFailure } from '../store/failures.js';
import type { Store } from '../store/store.js';
import type { Clock } from '../workspace/clock.js';
import type { Journal } from '../workspace/journal.js';
import type { Progression } from '../workspace/settings.js';
import type { Waiters } from '../workspace/waiters.js';

export type OperationId = keyof operations;

/** What operations work with. */
export interface Services {
  readonly store: Store;
  readonly workspaces: Workspaces;
  readonly worker: Worker;
  readonly changes: Changes;
  /** Undefined if none is kept. */
  readonly journal: Journal | undefined;
  readonly waiters: Waiters;
  /** True if a limit on requests holds for workspaces in which there is nothing yet. */
  readonly limitsEveryWorkspace: boolean;
  /** The wall clock. */
  readonly clock: Clock;
}

/** Who asks. */
export interface Caller {
  /** The name of the workspace behind the caller's key. */
  readonly workspace: string;
  /** How a batch that this request creates is to move on; as the settings say if absent. */
  readonly progression?: Progression;
  /** True if the request must change nothing. */
  readonly onlyLooks?: boolean;
  /**
   * Takes what finds out warnings for the journal, if somebody reads it, and about how many bytes
   * that function holds; 300 if absent.
   */
  readonly warnLater?: (findWarnings: () => string[], size?: number) => void;
  /** What the body says that an open list of the contract does not have. */
  readonly unknownValues?: readonly UnknownValue[];
  /** Aborted when nobody is there any more to hear the answer. */
  readonly signal?: AbortSignal;
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

/** The caller's workspace as it is now; undefined while nothing has been created in it. */
export const findWorkspace = ({ workspaces }: Services, { workspace }: Caller) =>
  workspaces.find(workspace);

/**
 * The same, once all that was due there by now has happened.
 * @param isFinal whether what is to be read of the workspace of this id can't change with time. Then it
 *   is read as it is, too, where nothing can happen because the database can't be written.
 */
export function findSettledWorkspace(
  services: Services,
  caller: Caller,
  isFinal?: (workspaceId: number) => boolean,
): Workspace | undefined | Promise<Workspace> {
  const workspace = findWorkspace(services, caller);
  if (workspace === undefined) return undefined;
  const settled = settle(services, workspace);
  if (isFinal === undefined || !(settled instanceof Promise)) return settled;
  return settled.catch((error: unknown) => {
    if (storageFailure(error) !== undefined && isFinal(workspace.id)) {
      return services.workspaces.get(workspace.id);
    }
    throw error;
  });
}

/**
 * The workspace once all that was due in it by its time has happened. No promise where it has: most
 * polls find it so.
 *
 * Its `now` is the moment up to which all has happened, not that at which this was over: time went on
 * meanwhile, and what is recorded as settled then would delay whatever became due in between.
 */
export function settle(
  { worker, workspaces }: Pick<Services, 'worker' | 'workspaces'>,
  workspace: Workspace,
): Workspace | Promise<Workspace> {
  const { id, now: asked } = workspace;
  if (worker.isSettled(id, asked)) return workspace;
  return worker.settle(id, asked).then(() => {
    const present = workspaces.get(id);
    // Later than asked where others have seen that nothing happened until then.
    const settledBy = Math.max(asked, present.settledAt, worker.settledBy(id, present.now));
    // A reset may have put the clock back.
    return { ...present, now: Math.min(settledBy, present.now) };
  });
}

/**
 * Documented: creating is what a trial without credit may not do.
 * @param cost in runs; what costs nothing still needs that there is credit left.
 * @throws ApiError 402
 */
export function refuseWithoutCredit({ credit }: Pick<Workspace, 'credit'>, cost = 1): void {
  if (credit !== null && credit < cost) throw new ApiError('payment_required');
}

/** A warning that is known already. A function of its own, so that it holds nothing but the text. */
export const warning = (text: string) => (): string[] => [text];
