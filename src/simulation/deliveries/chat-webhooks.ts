import { isChatOver, pastChatEvents } from '../../domain/chats/chat.js';
import type { ChatRecord } from '../../domain/chats/chat-record.js';
import {
  originOf,
  wantsEvent,
  webhookBody,
  webhookUrlOf,
} from '../../domain/webhooks/webhook-event.js';
import { derivedHex } from '../../random.js';
import { nextOfChat } from '../../store/chats.js';
import { chatContextReader, type ChatContext } from '../chats/chat-context.js';
import type { ChatListener } from '../chats/chat-steps.js';
import { toChat } from '../chats/render.js';
import { variablesOf } from '../chats/variables.js';
import type { Workspace } from '../workspaces/workspace.js';
import { asWebhook, insertWithFault, releaseAtEnd, withoutFault } from './webhook-faults.js';

/**
 * Makes webhooks of what happens in chats. As of calls, a webhook is stored with its body in the transaction
 * that stores what it tells of.
 * @param onStored called within the transaction that stores a webhook.
 */
export const createChatWebhooks = (
  get: (workspaceId: number) => Workspace,
  onStored: (workspaceId: number) => void,
): ChatListener => ({
  onStep({ chat: stored, events }, writer) {
    const { workspaceId, key, chat } = stored;
    if (events.length === 0) return false;
    const context = chatContextReader(writer)(stored);
    const workspace = get(workspaceId);
    const url = urlOf(chat, context, workspace.settings.webhooks.url);
    if (url === undefined) return false;
    const wanted = events.filter(({ name }) => wantsEvent(context.agent.events, name));
    const entries = wanted.length === 0 ? [] : writer.chats.listEntries(key);
    const told = {
      ...{ id: chat.id, agentId: chat.agentId },
      hasHappened: (event: string) =>
        pastChatEvents(chat.state).some(({ name }) => name === event) &&
        !events.some(({ name }) => name === event),
    };
    for (const { name, at } of wanted) {
      const subject = toChat(chat, context, entries, at);
      const content = { subject, time: at, name: 'chat' as const };
      insertWithFault(writer, workspace, told, {
        ...{ workspaceId, event: name, callId: chat.id, url, origin: originOf(url) },
        // Turns have more entries each, and the other events come once.
        id: `delivery_${derivedHex(24, chat.seed, chat.id, name, entries.length, chat.state.status)}`,
        body: webhookBody(name, content, workspace.settings.webhooks.form),
        timeout: context.agent.webhookTimeout,
        ...{ happenedAt: at, dueAt: at, ...withoutFault, ...asWebhook },
      });
    }
    releaseAtEnd(
      writer,
      { workspaceId, id: chat.id, isOver: isChatOver(chat.state), nextAt: nextOfChat(stored) },
      events.at(-1)?.at ?? 0,
    );
    if (wanted.length > 0) onStored(workspaceId);
    return wanted.length > 0;
  },
});

function urlOf(
  chat: ChatRecord,
  { agent, engine }: ChatContext,
  accountUrl: string | undefined,
): string | undefined {
  const { webhookUrl } = agent;
  const hasVariables = `${webhookUrl ?? ''}${accountUrl ?? ''}`.includes('{{');
  // Variables of the engine take a while to read.
  const variables = hasVariables
    ? { ...engine?.defaultVariables, chat_id: chat.id, ...variablesOf(chat) }
    : {};
  return webhookUrlOf(webhookUrl, accountUrl, variables);
}
