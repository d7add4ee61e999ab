import type { ChatRecord } from '../../domain/chats/chat-record.js';

/** The dynamic variables of a chat, with those that were put over them later. */
export const variablesOf = ({ details }: ChatRecord): Record<string, string> => ({
  ...details.variables,
  ...details.overrides,
});
