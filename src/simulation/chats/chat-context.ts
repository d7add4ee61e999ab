import { readChatAgent, type ChatAgent } from '../../domain/chats/chat-agent.js';
import type { StoredChat } from '../../store/chats.js';
import type { StoreReader } from '../../store/store.js';
import { readCallContext, type CallContext, type CallContextInput } from '../calls/call-context.js';

/** What a chat is held with: its agent and the engine that it writes through. */
export interface ChatContext extends Pick<CallContext, 'engine' | 'model'> {
  readonly agent: ChatAgent;
}

export function readChatContext({
  agent,
  engine,
  override,
}: Pick<CallContextInput, 'agent' | 'engine' | 'override'>): ChatContext {
  const shared = readCallContext({ agent, engine, override });
  return {
    agent: readChatAgent({ ...agent, ...override?.agent }),
    // Read when it is first asked for.
    get engine() {
      return shared.engine;
    },
    model: shared.model,
  };
}

/** Reads contexts of chats, each content once. Not to be kept: contents may be rolled back. */
export function chatContextReader({ assets }: StoreReader): (stored: StoredChat) => ChatContext {
  const contents = new Map<number, ReturnType<StoreReader['assets']['getContent']>>();
  const contentOf = (key: number) => {
    const content = contents.get(key) ?? assets.getContent(key);
    contents.set(key, content);
    return content;
  };
  return ({ chat, agentContentKey, engineType, engineContentKey }) =>
    readChatContext({
      agent: agentContentKey === null ? {} : contentOf(agentContentKey),
      engine:
        engineType === null || engineContentKey === null
          ? undefined
          : { type: engineType, content: contentOf(engineContentKey) },
      override: chat.details.override,
    });
}
