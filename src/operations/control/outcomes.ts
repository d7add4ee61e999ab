import type { components } from '../../contract/control.gen.js';
import {
  hasEnded,
  reportedCreation,
  reportedStart,
  type TestRun,
} from '../../domain/testing/test-run.js';
import { ApiError } from '../../errors.js';
import { keyedId } from '../../random.js';
import type { StoredOutcomeRule } from '../../store/rules.js';
import { findSettledWorkspace } from '../operation.js';
import { found, openSettledWorkspace, type ControlOperation } from './control-operation.js';

type Schemas = components['schemas'];

/** The rule applies to runs that start from now on. */
export const addOutcomeRule: ControlOperation<'addOutcomeRule'> = async (
  services,
  caller,
  { body },
) => {
  if ((body.outcome === undefined) === (body.sequence === undefined)) {
    throw new ApiError('invalid_request', 'body must have either "outcome" or "sequence"');
  }
  const { store } = services;
  const { id: workspaceId, name, settings } = await openSettledWorkspace(services, caller);
  const id = store.now((writer, attempt) => {
    const ordinal = writer.workspaces.takeOrdinal(workspaceId, 'rule');
    const id = keyedId('rule', settings.seed, name, ordinal, attempt);
    writer.outcomeRules.insert(workspaceId, id, body);
    return id;
  });
  return toOutcomeRule({ id, rule: body, hits: 0 });
};

export const listOutcomeRules: ControlOperation<'listOutcomeRules'> = async (services, caller) => {
  const { id } = await openSettledWorkspace(services, caller);
  return services.store.outcomeRules.list(id).map(toOutcomeRule);
};

export const deleteOutcomeRules: ControlOperation<'deleteOutcomeRules'> = async (
  services,
  caller,
) => {
  const { id } = await openSettledWorkspace(services, caller);
  services.store.together(({ outcomeRules }) => {
    outcomeRules.deleteAll(id);
  });
  return undefined;
};

export const deleteOutcomeRule: ControlOperation<'deleteOutcomeRule'> = async (
  services,
  caller,
  { params },
) => {
  const { id } = await openSettledWorkspace(services, caller);
  const isDeleted = services.store.together(({ outcomeRules }) =>
    outcomeRules.delete(id, params.outcome_rule_id),
  );
  if (!isDeleted) throw new ApiError('not_found');
  return undefined;
};

export const explainTestRun: ControlOperation<'explainTestRun'> = async (
  services,
  caller,
  { params },
) => {
  const workspace = found(await findSettledWorkspace(services, caller));
  const { run } = found(services.store.testRuns.find(workspace.id, params.test_case_job_id));
  return {
    id: run.id,
    status: run.status,
    decidedBy: decidedBy(run),
    timeline: [
      { at: reportedCreation(run), status: 'pending' },
      ...(run.status === 'pending' ? [] : [{ at: reportedStart(run), status: 'in_progress' }]),
      ...(hasEnded(run)
        ? [{ at: Math.max(run.endsAt, reportedStart(run)), status: run.status }]
        : []),
    ],
  };
};

function decidedBy(run: TestRun): Schemas['TestRunProvenance']['decidedBy'] {
  if (run.status === 'pending') return null;
  if (run.forcedBy === null) return { source: 'draw', seed: run.seed };
  const { source, rule } = run.forcedBy;
  return { source, ...(rule !== undefined && { rule }) };
}

const toOutcomeRule = ({ id, rule, hits }: StoredOutcomeRule): Schemas['OutcomeRule'] => ({
  ...rule,
  id,
  hits,
});
