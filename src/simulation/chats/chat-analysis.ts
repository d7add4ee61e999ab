import type { components } from '../../contract/retell.gen.js';
import type { ChatEndReason } from '../../domain/chats/chat.js';
import type { ChatRecord } from '../../domain/chats/chat-record.js';
import { keyedChance } from '../../random.js';
import { drawnSentiment, successRate, valuesOf } from '../calls/analysis.js';
import type { ChatContext } from './chat-context.js';
import { variablesOf } from './variables.js';

export type ChatAnalysis = components['schemas']['ChatAnalysis'];

/** What was found out of a chat; the same each time, until it is analysed again. */
export function chatAnalysisOf(chat: ChatRecord, { agent }: ChatContext): ChatAnalysis {
  const { state, details, answers } = chat;
  const { given = {}, reruns = 0 } = details;
  const draw = keyedChance(chat.seed).within('chat', chat.id, 'analysis', reruns);
  const forced = details.forced?.analysis ?? {};
  const { reason = 'error_unknown' } = state;
  // Nobody has written but for the agent's first message.
  const hasTalked = details.hasUser === true && answers > 0;
  const items = hasTalked ? agent.analysisItems : [];
  const custom = {
    ...valuesOf(items, { variables: { ...variablesOf(chat), ...details.collected }, draw }),
    ...forced.custom,
    ...given.chat_analysis?.custom_analysis_data,
  };
  return {
    chat_summary: forced.summary ?? summaryOf(reason, hasTalked),
    user_sentiment:
      forced.userSentiment ?? (hasTalked ? drawnSentiment(draw('sentiment')) : 'Unknown'),
    chat_successful:
      forced.successful ??
      (hasTalked && reason !== 'error_unknown' && draw('successful') < successRate),
    ...given.chat_analysis,
    custom_analysis_data: custom,
  };
}

const summaries: Record<ChatEndReason, string> = {
  agent_hangup: 'The agent took care of what the user wanted and ended the chat.',
  user_hangup: 'The agent answered the questions of the user, who then left the chat.',
  manual_stopped: 'The agent answered the questions of the user until the chat was ended.',
  inactivity: 'The agent answered the questions of the user, who then wrote no more.',
  error_unknown: 'The chat was broken off by an error.',
};

const summaryOf = (reason: ChatEndReason, hasTalked: boolean): string =>
  hasTalked || reason === 'error_unknown' ? summaries[reason] : 'The user did not write anything.';
