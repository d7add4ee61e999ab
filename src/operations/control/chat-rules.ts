import type { components } from '../../contract/control.gen.js';
import { readChatAgent } from '../../domain/chats/chat-agent.js';
import {
  findChatRuleMistake,
  findWrongReplyValue,
  type ChatRuleInput,
} from '../../domain/chats/chat-rule.js';
import { ApiError } from '../../errors.js';
import { keyedId } from '../../random.js';
import type { StoreReader } from '../../store/store.js';
import type { StoredChatRule } from '../../store/rules.js';
import { chatAgentContent } from '../chats/chat-agent.js';
import { found, openSettledWorkspace, type ControlOperation } from './control-operation.js';

type Schemas = components['schemas'];

/** The rule applies to messages that are written from now on. */
export const addChatRule: ControlOperation<'addChatRule'> = async (services, caller, { body }) => {
  const mistake = findChatRuleMistake(body);
  if (mistake !== undefined) refuse(mistake.path, mistake.problem);
  const { store } = services;
  const { id: workspaceId, name, settings } = await openSettledWorkspace(services, caller);
  refuseWrongAnalysis(store, workspaceId, body);
  const id = store.now((writer, attempt) => {
    const ordinal = writer.workspaces.takeOrdinal(workspaceId, 'rule');
    const id = keyedId('rule', settings.seed, name, ordinal, attempt);
    writer.chatRules.insert(workspaceId, id, body);
    return id;
  });
  return toChatRule({ id, rule: body, hits: 0 });
};

function refuse(path: string, problem: string): never {
  throw new ApiError('invalid_request', `body${path} ${problem}`);
}

/** Refuses values that the agent which the rule names defines otherwise. @throws ApiError 400 */
function refuseWrongAnalysis(store: StoreReader, workspaceId: number, rule: ChatRuleInput): void {
  const content = chatAgentContent(store, workspaceId, rule.match?.agentId);
  const wrong = content && findWrongReplyValue(rule, readChatAgent(content).analysisItems);
  if (wrong !== undefined) refuse(wrong.path, wrong.problem);
}

export const listChatRules: ControlOperation<'listChatRules'> = async (services, caller) => {
  const { id } = await openSettledWorkspace(services, caller);
  return services.store.chatRules.list(id).map(toChatRule);
};

export const deleteChatRules: ControlOperation<'deleteChatRules'> = async (services, caller) => {
  const { id } = await openSettledWorkspace(services, caller);
  services.store.together(({ chatRules }) => {
    chatRules.deleteAll(id);
  });
  return undefined;
};

export const deleteChatRule: ControlOperation<'deleteChatRule'> = async (
  services,
  caller,
  { params },
) => {
  const { id } = await openSettledWorkspace(services, caller);
  found(
    services.store.together(({ chatRules }) => chatRules.delete(id, params.chat_rule_id)) ||
      undefined,
  );
  return undefined;
};

const toChatRule = ({ id, rule, hits }: StoredChatRule): Schemas['ChatRule'] => ({
  ...rule,
  id,
  hits,
});
