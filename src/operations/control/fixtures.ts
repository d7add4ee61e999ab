import { describeUnknownValue } from '../../contract/open-values.js';
import { ApiError } from '../../errors.js';
import { exportWorkspace as toFixtures } from '../../simulation/fixtures/export.js';
import { FixtureError, momentOr } from '../../simulation/fixtures/fixtures.js';
import { loadFixtures as load } from '../../simulation/fixtures/load.js';
import { openSettledWorkspace, settleUntil, type ControlOperation } from './control-operation.js';

/** The most runs of one load: it is one transaction, during which nothing else is answered. */
const mostRuns = 100_000;

export const loadFixtures: ControlOperation<'loadFixtures'> = async (
  services,
  caller,
  { query, body },
) => {
  const { store, workspaces, worker, clock } = services;
  const { batchTests = [] } = body;
  if (batchTests.reduce((count, { runs }) => count + runs.length, 0) > mostRuns) {
    const limit = `The limit is ${String(mostRuns)} runs in one load; load the rest after it.`;
    throw new ApiError('payload_too_large', limit);
  }
  const { id, now } = await openSettledWorkspace(services, caller);
  const { replace = false } = query;
  /** At the moment up to which all has happened, unless these fixtures say another. */
  const get = (workspaceId: number) => {
    const present = workspaces.get(workspaceId);
    return { ...present, now: Math.min(Math.max(now, present.settledAt), present.now) };
  };
  const add = (attempt: number) => {
    if (replace) workspaces.empty(id);
    return load({ store, get, attempt }, id, body, clock.now());
  };
  try {
    const time = momentOr(body.clock?.now, now);
    if (time > now && !replace) {
      // What is due by then happens before, unless they are to be refused.
      store.rehearse(() => add(1));
      await settleUntil(services, id, time);
    }
    const loaded = store.transactionWithNewIds(add);
    const next = store.workspaces.nextDue(id);
    if (replace) worker.restart(id, next);
    else worker.reschedule(id, next);
    const { unknownValues: unknown = [] } = caller;
    return {
      ...loaded,
      ...(unknown.length > 0 && { warnings: unknown.map(describeUnknownValue) }),
    };
  } catch (error) {
    if (!(error instanceof FixtureError)) throw error;
    const code = error.kind === 'taken' ? 'conflict' : 'invalid_request';
    throw new ApiError(code, `body${error.path} ${error.message}`);
  }
};

export const exportWorkspace: ControlOperation<'exportWorkspace'> = async (services, caller) =>
  toFixtures(services.store, await openSettledWorkspace(services, caller));
