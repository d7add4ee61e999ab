import type { OperationRequest, OperationResult } from '../contract/operation.js';
import type { UnknownValue } from '../contract/open-values.js';
import type { operations } from '../contract/retell.gen.js';
import { ApiError } from '../errors.js';
import type { Webhooks } from '../outbound/webhooks.js';
import type { LlmSessions } from '../simulation/calls/custom-llm/sessions.js';
import type { ChatListener } from '../simulation/chats/chat-steps.js';
import type { Changes } from '../simulation/clockwork/changes.js';
import type { Worker } from '../simulation/clockwork/worker.js';
import type { CallWebhooks } from '../simulation/deliveries/call-webhooks.js';
import type { FunctionAnswers } from '../simulation/deliveries/function-answers.js';
import type { Workspace } from '../simulation/workspaces/workspace.js';
import type { Workspaces } from '../simulation/workspaces/workspaces.js';
import { storageFailure } from '../store/database/failures.js';
import type { Store } from '../store/store.js';
import type { Clock } from '../workspace/clock.js';
import type { ExclusiveWork } from '../workspace/exclusive-work.js';
import type { Journal } from '../workspace/journal/journal.js';
import type { Progression } from '../workspace/settings.js';
import type { Waiters } from '../workspace/limits/waiters.js';

export type OperationId = keyof operations;

/** The parts of the emulator that operations use. */
export interface Services {
  readonly store: Store;
  readonly workspaces: Workspaces;
  readonly worker: Worker;
  readonly changes: Changes;
  /** Undefined if the journal is off. */
  readonly journal: Journal | undefined;
  readonly waiters: Waiters;
  readonly exclusiveWork: ExclusiveWork;
  readonly webhooks: Webhooks;
  /** Makes webhooks of what happens in calls. */
  readonly callWebhooks: CallWebhooks;
  readonly functionAnswers: FunctionAnswers;
  /** Makes webhooks of what happens in chats. */
  readonly chatWebhooks: ChatListener;
  readonly llmSessions: LlmSessions;
  /** True if the rate limit also holds for workspaces that are still empty. */
  readonly limitsEveryWorkspace: boolean;
  /** The wall clock. */
  readonly clock: Clock;
}

/** The client's request as an operation sees it. */
export interface Caller {
  /** The name of the workspace behind the caller's key. */
  readonly workspace: string;
  /** The progression of a batch that this request creates; the setting's if absent. */
  readonly progression?: Progression;
  /** True if the request must not change anything, such as a page of the docs that only looks. */
  readonly onlyLooks?: boolean;
  /**
   * Takes a function that computes warnings when somebody reads the journal. `size` is about how many
   * bytes that function keeps alive; 300 if absent.
   */
  readonly warnLater?: (findWarnings: () => string[], size?: number) => void;
  /** Values of the body that the contract's open lists do not have. */
  readonly unknownValues?: readonly UnknownValue[];
  /** Aborted when the client has gone. */
  readonly signal?: AbortSignal;
}

/**
 * Performs an operation of the vendor's contract. Its request has been validated. Returns the body of the
 * success answer.
 * @throws ApiError to refuse.
 */
export type Operation<Id extends OperationId> = (
  services: Services,
  caller: Caller,
  request: OperationRequest<operations, Id>,
) => OperationResult<operations, Id> | Promise<OperationResult<operations, Id>>;

/** Performs an operation once no exclusive work is under way in the caller's workspace. */
export function afterExclusiveWork<Request>(
  perform: (services: Services, caller: Caller, request: Request) => unknown,
): typeof perform {
  return function wait(services, caller, request): unknown {
    const work = services.exclusiveWork.underWay(caller.workspace);
    if (work === undefined) return perform(services, caller, request);
    return work.then(() => wait(services, caller, request));
  };
}

/** The caller's workspace now; undefined until something is created in it. */
export const findWorkspace = ({ workspaces }: Services, { workspace }: Caller) =>
  workspaces.find(workspace);

/**
 * The same, after all that was due there has happened.
 * @param isFinal returns true if the data to read cannot change with time. Then it is read even while the
 *   database cannot be written, and nothing due can happen.
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
 * The workspace after all that was due in it has happened. Hot path: no promise if nothing was due.
 *
 * Its `now` is the moment up to which all has happened, and not the moment at which this finished. Time
 * went on meanwhile; recording the later moment would delay what became due in between.
 */
export function settle(
  { worker, workspaces }: Pick<Services, 'worker' | 'workspaces'>,
  workspace: Workspace,
): Workspace | Promise<Workspace> {
  const { id, now: asked } = workspace;
  if (worker.isSettled(id, asked)) return workspace;
  return worker.settle(id, asked).then(() => {
    const present = workspaces.get(id);
    // May be later than asked, if other requests settled a later moment.
    const settledBy = Math.max(asked, present.settledAt, worker.settledBy(id, present.now));
    // A reset may have set the clock back.
    return { ...present, now: Math.min(settledBy, present.now) };
  });
}

/**
 * Documented: a trial without credit cannot create anything.
 * @param cost in runs. Also what costs nothing is refused when no credit is left.
 * @throws ApiError 402
 */
export function refuseWithoutCredit({ credit }: Pick<Workspace, 'credit'>, cost = 1): void {
  if (credit !== null && credit < cost) throw new ApiError('payment_required');
}

/** A warning with a fixed text. The journal keeps the function, so it captures nothing but the text. */
export const warning = (text: string) => (): string[] => [text];
