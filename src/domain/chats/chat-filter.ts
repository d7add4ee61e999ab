import type { components } from '../../contract/retell.gen.js';
import { isOneOf, passesFlag, passesKeyed, passesNumber, passesText } from '../filters.js';
import type { ChatRecord } from './chat-record.js';

type Schemas = components['schemas'];

export type ChatFilter = Schemas['ChatFilter'];

/** What of a chat has to be computed before a list can tell it by that. */
export interface ChatFindings {
  readonly cost: () => Schemas['ChatCost'];
  readonly analysis: () => Schemas['ChatAnalysis'];
}

/** Whether a chat passes all filters that are given. */
export function passesChatFilter(
  { id, agentId, agentVersion, state, details }: ChatRecord,
  filter: ChatFilter,
  findings: ChatFindings,
): boolean {
  const { agent: agents = [] } = filter;
  const { startedAt, endedAt } = state;
  const isOfAgent = ({ agent_id, version = [] }: (typeof agents)[number]): boolean =>
    agent_id === agentId && (version.length === 0 || version.includes(agentVersion));
  return (
    (agents.length === 0 || agents.some(isOfAgent)) &&
    passesText(details.given?.agent_tag ?? undefined, filter.agent_tag) &&
    passesText(id, filter.chat_id) &&
    isOneOf(state.status, filter.chat_status) &&
    isOneOf(state.reason, filter.disconnection_reason) &&
    passesNumber(startedAt, filter.start_timestamp) &&
    passesNumber(endedAt, filter.end_timestamp) &&
    passesNumber(endedAt === undefined ? undefined : endedAt - startedAt, filter.duration_ms) &&
    passesKeyed(details.customAttributes ?? {}, filter.custom_attributes) &&
    (filter.combined_cost === undefined ||
      passesNumber(
        endedAt === undefined ? undefined : findings.cost().combined_cost,
        filter.combined_cost,
      )) &&
    passesFindings(state.isAnalysed ? findings.analysis : () => ({}), filter)
  );
}

function passesFindings(analysis: ChatFindings['analysis'], filter: ChatFilter): boolean {
  const { chat_successful: successful, user_sentiment: sentiment } = filter;
  const { custom_analysis_data: custom } = filter;
  if ([successful, sentiment, custom].every((asked) => asked === undefined)) return true;
  const found = analysis();
  return (
    passesFlag(found.chat_successful, successful) &&
    isOneOf(found.user_sentiment, sentiment) &&
    passesKeyed(found.custom_analysis_data ?? {}, custom)
  );
}
