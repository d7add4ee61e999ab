import { describeUnknownValue } from '../../contract/open-values.js';
import { sliceSize } from '../../domain/requests/answer-sizes.js';
import { ApiError } from '../../errors.js';
import { exportSteps } from '../../simulation/fixtures/export.js';
import { FixtureError, momentOr, type Fixtures } from '../../simulation/fixtures/fixtures.js';
import { costOf, loadFixtures as load, loadSteps } from '../../simulation/fixtures/load.js';
import { loadInSlices } from '../../simulation/fixtures/load-in-slices.js';
import type { Workspace } from '../../simulation/workspaces/workspace.js';
import { makeAll } from '../../store/steps.js';
import type { StoreWriter } from '../../store/store.js';
import type { Caller, Services } from '../operation.js';
import { exclusively, whilePaused } from './exclusive.js';
import { openSettledWorkspace, settleUntil, type ControlOperation } from './control-operation.js';

/** Up to this cost a load is made in one piece of some 50 ms. */
const maxAtOnce = 2500;

export const loadFixtures: ControlOperation<'loadFixtures'> = async (
  services,
  caller,
  { query, body },
) => {
  const { replace = false } = query;
  const isSmall = costOf(body) <= maxAtOnce;
  try {
    const loaded = isSmall
      ? await loadAtOnce(services, caller, body, replace)
      : await exclusively(services, caller, () => loadSliced(services, caller, body, replace));
    await services.functionAnswers.resume([services.workspaces.open(caller.workspace).id]);
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

/** The workspace at the moment up to which all has happened, unless these fixtures say another. */
const settledAt =
  ({ workspaces }: Services, now: number) =>
  (id: number): Workspace => {
    const present = workspaces.get(id);
    return { ...present, now: Math.min(Math.max(now, present.settledAt), present.now) };
  };

async function loadAtOnce(services: Services, caller: Caller, body: Fixtures, replace: boolean) {
  const { store, workspaces, worker, clock } = services;
  const { id, now } = await openSettledWorkspace(services, caller);
  const get = settledAt(services, now);
  const add = (writer: StoreWriter, attempt: number) => {
    if (replace) makeAll(workspaces.empty(writer, id));
    return load({ writer, get, attempt }, id, body, clock.now());
  };
  const time = momentOr(body.clock?.now, now);
  if (time > now && !replace) {
    // What is due by then happens before, unless they are to be refused.
    store.dryRun(add);
    await settleUntil(services, id, time);
  }
  const loaded = store.now(add);
  const next = store.workspaces.nextDue(id);
  if (replace) worker.restart(id, next);
  else worker.reschedule(id, next);
  return loaded;
}

async function loadSliced(services: Services, caller: Caller, body: Fixtures, replace: boolean) {
  const { workspaces, clock } = services;
  const { id, now } = await openSettledWorkspace(services, caller);
  const time = momentOr(body.clock?.now, now);
  const get = settledAt(services, now);
  return loadInSlices(services, {
    workspaceId: id,
    empty: replace ? (writer) => workspaces.empty(writer, id) : undefined,
    settle: time > now && !replace ? () => settleUntil(services, id, time) : undefined,
    steps: (writer, attempt) => loadSteps({ writer, get, attempt }, id, body, clock.now()),
  });
}

export const exportWorkspace: ControlOperation<'exportWorkspace'> = async (
  services,
  caller,
  { query },
) => {
  const { store, clock, changes } = services;
  return exclusively(services, caller, async () => {
    const workspace = await openSettledWorkspace(services, caller);
    return whilePaused(services, workspace.id, async () => {
      const steps = exportSteps(store, workspace, query.batchesFrom);
      let size = 0;
      for (;;) {
        const step = steps.next();
        if (step.done === true) return step.value;
        size += step.value;
        if (size < sliceSize) continue;
        size = 0;
        await clock.turn();
        await clock.turn();
        if (changes.closed) throw new ApiError('unavailable');
      }
    });
  });
};
