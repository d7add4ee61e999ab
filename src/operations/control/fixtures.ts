import { ApiError } from '../../errors.js';
import { exportWorkspace as toFixtures } from '../../simulation/fixtures/export.js';
import { FixtureFault } from '../../simulation/fixtures/fixtures.js';
import { loadFixtures as load } from '../../simulation/fixtures/load.js';
import { openSettledWorkspace, type ControlOperation } from './control-operation.js';

export const loadFixtures: ControlOperation<'loadFixtures'> = async (
  services,
  caller,
  { body },
) => {
  const { store, workspaces, worker, clock } = services;
  const { id } = await openSettledWorkspace(services, caller);
  try {
    return store.transactionWithNewIds((attempt) =>
      load({ store, get: workspaces.get, attempt }, id, body, clock.now()),
    );
  } catch (error) {
    if (!(error instanceof FixtureFault)) throw error;
    const code = error.kind === 'taken' ? 'conflict' : 'invalid_request';
    throw new ApiError(code, `body${error.path} ${error.message}`);
  } finally {
    worker.reschedule(id, store.workspaces.nextDue(id));
  }
};

export const exportWorkspace: ControlOperation<'exportWorkspace'> = async (services, caller) =>
  toFixtures(services.store, await openSettledWorkspace(services, caller));
