import { isE164, pickAgent } from '../../domain/calls/phone-number.js';
import { isChatOver, type WireChat } from '../../domain/chats/chat.js';
import { chatTypeOf, type ChatDetails, type ChatRecord } from '../../domain/chats/chat-record.js';
import { ApiError, MissingError } from '../../errors.js';
import { keyedChance } from '../../random.js';
import { chatContextReader } from '../../simulation/chats/chat-context.js';
import { takeChatRule } from '../../simulation/chats/chat-rules.js';
import { endedChat, storeChatStep, turnEvents } from '../../simulation/chats/chat-steps.js';
import { answerMessage } from '../../simulation/chats/converse.js';
import { toChat } from '../../simulation/chats/render.js';
import { variablesOf } from '../../simulation/chats/variables.js';
import {
  loadValueGenerator,
  type GenerateValue,
} from '../../simulation/conversation/schema-value.js';
import type { Workspace } from '../../simulation/workspaces/workspace.js';
import { nextOfChat, type StoredChat } from '../../store/chats.js';
import { openSettled } from '../calls/calls.js';
import { refuseLargeMetadata } from '../calls/new-call.js';
import { stricter } from '../data-storage.js';
import { refuseWithoutCredit, type Operation, type Services } from '../operation.js';
import { findChat, type FoundChat } from './find-chat.js';
import { createChat as beginChat, storeTurn } from './new-chat.js';

const detailsOf = (body: {
  readonly metadata?: ChatDetails['metadata'];
  readonly retell_llm_dynamic_variables?: ChatDetails['variables'];
}): ChatDetails => ({
  ...(body.metadata !== undefined && { metadata: body.metadata }),
  ...(body.retell_llm_dynamic_variables !== undefined && {
    variables: body.retell_llm_dynamic_variables,
  }),
});

export const createChat: Operation<'createChat'> = async (services, caller, { body }) => {
  const generate = await loadValueGenerator();
  const workspace = await openSettled(services, caller);
  const request = {
    ...({ origin: 'api', numbers: undefined } as const),
    ...{ agentId: body.agent_id, agentVersion: body.agent_version, details: detailsOf(body) },
  };
  return showChat(services, beginChat(services, caller, workspace, request, generate));
};

export const createSMSChat: Operation<'createSMSChat'> = async (services, caller, { body }) => {
  const { from_number: own, to_number: user } = body;
  if (!isE164(own)) refuseNumber('from_number');
  if (!isE164(user)) refuseNumber('to_number');
  const generate = await loadValueGenerator();
  const workspace = await openSettled(services, caller);
  const request = {
    ...({ origin: 'sms-outbound', numbers: { own, user }, details: detailsOf(body) } as const),
    ...agentOf(services, workspace, body),
  };
  return showChat(services, beginChat(services, caller, workspace, request, generate));
};

function refuseNumber(name: string): never {
  throw new ApiError('invalid_request', `body/${name} must be in E.164 form, as +14157774444`);
}

/** Documented: the override, or else one of the number's agents, drawn by weight. @throws ApiError */
function agentOf(
  { store }: Services,
  { id, name, settings }: Workspace,
  body: {
    readonly from_number: string;
    readonly override_agent_id?: string;
    readonly override_agent_version?: number | string;
  },
): { agentId: string; agentVersion: number | string | undefined } {
  const { from_number: from, override_agent_id: agentId, override_agent_version: version } = body;
  const number = store.phoneNumbers.find(id, from);
  if (number === undefined && settings.unknownNumbers === 'reject') {
    throw new MissingError(from, 'phone-number', 'unprocessable');
  }
  if (agentId !== undefined) return { agentId, agentVersion: version };
  const draw = keyedChance(settings.seed).within(name, 'agent of chat');
  const agents = number?.content.outbound_sms_agents ?? [];
  const picked = pickAgent(agents, draw(store.workspaces.ordinals(id).chat));
  if (picked === undefined) throw new ApiError('no_outbound_agent');
  return { agentId: picked.agent_id, agentVersion: version ?? picked.agent_version };
}

/** A chat as it is now, with its messages. */
export function showChat({ store, workspaces }: Services, stored: StoredChat): WireChat {
  const { now } = workspaces.get(stored.workspaceId);
  const entries = store.chats.listEntries(stored.key);
  return toChat(stored.chat, chatContextReader(store)(stored), entries, now);
}

export const getChat: Operation<'getChat'> = async (services, caller, { params }) => {
  const { stored } = await findChat(services, caller, params.chat_id);
  return showChat(services, stored);
};

export const createChatCompletion: Operation<'createChatCompletion'> = async (
  services,
  caller,
  { body },
) => {
  const generate = await loadValueGenerator();
  const found = await findChat(services, caller, body.chat_id);
  refuseWithoutCredit(found.workspace);
  const { messages } = write(services, found, body.content, generate);
  return { messages };
};

/** A message of the user, and the agent's answer. @throws ApiError 422 if the chat is over */
export function write(
  services: Services,
  { workspace, stored }: FoundChat,
  content: string,
  generate: GenerateValue,
): { readonly stored: StoredChat; readonly messages: WireChat['message_with_tool_calls'] & {} } {
  const { chat } = stored;
  refuseOver(chat);
  const { id, now, credit } = workspace;
  const { store, worker, changes } = services;
  const written = store.together((writer) => {
    const byRule = takeChatRule(writer, id, factsOf(chat, content));
    const history = writer.chats.listEntries(stored.key);
    const moment = { context: chatContextReader(writer)(stored), history, generate, now };
    const turn = answerMessage(chat, content, moment, byRule);
    writer.workspaces.addProgress({ id, runningDelta: 0, settledAt: now });
    // Costs as much as one run, the emulator's unit of credit.
    if (credit !== null) writer.workspaces.setCredit(id, credit - 1);
    const after = storeTurn(services, writer, workspace, { stored, turn, moment, isFirst: false });
    return { stored: after, messages: turn.added.slice(1).map(({ entry }) => entry) };
  });
  worker.scheduleBy(id, nextOfChat(written.stored) ?? Infinity);
  changes.announce(id);
  return written;
}

/** @throws ApiError 422 */
function refuseOver({ state }: ChatRecord): void {
  if (isChatOver(state)) throw new ApiError('chat_is_over', `it is ${state.status}.`);
}

const factsOf = (chat: ChatRecord, content: string) => ({
  ...{ content, agentId: chat.agentId, chatType: chatTypeOf(chat) },
  fromNumber: chat.numbers?.user,
  toNumber: chat.numbers?.own,
  metadata: chat.details.metadata ?? {},
  dynamicVariables: variablesOf(chat),
});

export const endChat: Operation<'endChat'> = async (services, caller, { params }) => {
  const { workspace, stored } = await findChat(services, caller, params.chat_id);
  refuseOver(stored.chat);
  changeChat(services, workspace, endedChat(stored, workspace, workspace.now, 'manual_stopped'));
  return undefined;
};

/** Stores a chat that has just ended, and tells of it. */
export function changeChat(services: Services, workspace: Workspace, chat: StoredChat): void {
  const { id, now } = workspace;
  const { store, worker, changes, chatWebhooks } = services;
  store.together((writer) => {
    writer.workspaces.addProgress({ id, runningDelta: 0, settledAt: now });
    storeChatStep(writer, { chat, added: [], events: turnEvents(now, true) }, 0, chatWebhooks);
  });
  worker.scheduleBy(id, nextOfChat(chat) ?? Infinity);
  changes.announce(id);
}

export const deleteChat: Operation<'deleteChat'> = async (services, caller, { params }) => {
  const { workspace, stored } = await findChat(services, caller, params.chat_id);
  const { id: workspaceId, now } = workspace;
  const { id } = stored.chat;
  services.store.together((writer) => {
    writer.chats.delete(workspaceId, id);
    // No event of it happens any more.
    writer.deliveries.releaseRest({ workspaceId, callId: id, time: now });
  });
  services.webhooks.queue.reschedule(workspaceId);
  return undefined;
};

export const updateChat: Operation<'updateChat'> = async (services, caller, { params, body }) => {
  const { stored } = await findChat(services, caller, params.chat_id);
  refuseLargeMetadata(body.metadata);
  const { metadata, custom_attributes: attributes, override_dynamic_variables: variables } = body;
  const { chat } = stored;
  const { details } = chat;
  const present = chat.dataStorage ?? chatContextReader(services.store)(stored).agent.dataStorage;
  const asked = body.data_storage_setting;
  const changed: StoredChat = {
    ...stored,
    chat: {
      ...chat,
      dataStorage: stricter(present, asked, 'body/data_storage_setting') ?? chat.dataStorage,
      details: {
        ...details,
        ...(metadata !== undefined && { metadata }),
        ...(attributes !== undefined && {
          customAttributes: { ...details.customAttributes, ...attributes },
        }),
        // Documented: null takes away what was put over the variables.
        ...(variables !== undefined && {
          overrides: variables === null ? {} : { ...details.overrides, ...variables },
        }),
      },
    },
  };
  services.store.together(({ chats }) => {
    chats.change(changed);
  });
  return showChat(services, changed);
};

export const rerunChatAnalysis: Operation<'rerunChatAnalysis'> = async (
  services,
  caller,
  { params },
) => {
  const { workspace, stored } = await findChat(services, caller, params.chat_id);
  const { chat } = stored;
  if (!chat.state.isAnalysed) throw new ApiError('chat_goes_on', 'it was not analysed yet.');
  refuseWithoutCredit(workspace);
  const { reruns = 0 } = chat.details;
  const again = { ...stored, chat: { ...chat, details: { ...chat.details, reruns: reruns + 1 } } };
  services.store.together(({ chats, workspaces }) => {
    chats.change(again);
    const { id, credit } = workspace;
    if (credit !== null) workspaces.setCredit(id, credit - 1);
  });
  return showChat(services, again);
};
