import type { components } from '../../contract/control.gen.js';
import { readCallAgent } from '../../domain/calls/call-agent.js';
import {
  findCallRuleMistake,
  outcomesOf,
  type CallRuleInput,
} from '../../domain/calls/call-rule.js';
import { findWrongValues } from '../../domain/calls/forced-call.js';
import { ApiError } from '../../errors.js';
import { keyedId } from '../../random.js';
import type { StoreReader } from '../../store/store.js';
import type { StoredCallRule } from '../../store/rules.js';
import { found, openSettledWorkspace, type ControlOperation } from './control-operation.js';

type Schemas = components['schemas'];

/** The rule applies to calls that are created from now on. */
export const addCallRule: ControlOperation<'addCallRule'> = async (services, caller, { body }) => {
  const mistake = findCallRuleMistake(body);
  if (mistake !== undefined) refuse(mistake.path, mistake.problem);
  const { store } = services;
  const { id: workspaceId, name, settings } = await openSettledWorkspace(services, caller);
  refuseWrongAnalysis(store, workspaceId, body);
  const id = store.now((writer, attempt) => {
    const ordinal = writer.workspaces.takeOrdinal(workspaceId, 'rule');
    const id = keyedId('rule', settings.seed, name, ordinal, attempt);
    writer.callRules.insert(workspaceId, id, body);
    return id;
  });
  return toCallRule({ id, rule: body, hits: 0 });
};

function refuse(path: string, problem: string): never {
  throw new ApiError('invalid_request', `body${path} ${problem}`);
}

/** Refuses values that the agent which the rule names defines otherwise. @throws ApiError 400 */
function refuseWrongAnalysis(
  { assets }: StoreReader,
  workspaceId: number,
  rule: CallRuleInput,
): void {
  const agentId = rule.match?.agentId;
  if (agentId === undefined) return;
  const agent = assets.refer({ workspaceId, kind: 'agent', id: agentId });
  if (agent === undefined) return;
  const { analysisItems } = readCallAgent(assets.getContent(agent.contentKey));
  for (const [path, outcome] of outcomesOf(rule)) {
    const [wrong] = findWrongValues(outcome, analysisItems);
    if (wrong !== undefined) refuse(`${path}/analysis/custom/${wrong.name}`, wrong.problem);
  }
}

export const listCallRules: ControlOperation<'listCallRules'> = async (services, caller) => {
  const { id } = await openSettledWorkspace(services, caller);
  return services.store.callRules.list(id).map(toCallRule);
};

export const deleteCallRules: ControlOperation<'deleteCallRules'> = async (services, caller) => {
  const { id } = await openSettledWorkspace(services, caller);
  services.store.together(({ callRules }) => {
    callRules.deleteAll(id);
  });
  return undefined;
};

export const deleteCallRule: ControlOperation<'deleteCallRule'> = async (
  services,
  caller,
  { params },
) => {
  const { id } = await openSettledWorkspace(services, caller);
  found(
    services.store.together(({ callRules }) => callRules.delete(id, params.call_rule_id)) ||
      undefined,
  );
  return undefined;
};

const toCallRule = ({ id, rule, hits }: StoredCallRule): Schemas['CallRule'] => ({
  ...rule,
  id,
  hits,
});
