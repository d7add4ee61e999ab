import { isDeepStrictEqual } from 'node:util';
import type { components } from '../../contract/control.gen.js';
import type { AnalysisItem } from '../calls/call-agent.js';
import { findWrongValues } from '../calls/forced-call.js';
import { matchesGlob } from '../glob.js';

type Schemas = components['schemas'];

export type ChatRuleInput = Schemas['ChatRuleInput'];
/** What an agent must answer, and what becomes of the chat. */
export type ForcedReply = Schemas['ForcedReply'];
/** What is ordered of the analysis of a chat. */
export type ForcedChatEnd = Pick<ForcedReply, 'analysis' | 'analysisDelay'>;

/** The facts of a message that chat rules match on. */
export interface MessageFacts {
  /** What the user wrote. */
  readonly content: string;
  readonly agentId: string;
  readonly chatType: 'api_chat' | 'sms_chat';
  /** That of the user; undefined in a chat by the API. */
  readonly fromNumber: string | undefined;
  readonly toNumber: string | undefined;
  readonly metadata: Readonly<Record<string, unknown>>;
  readonly dynamicVariables: Readonly<Record<string, string>>;
}

/** What a rule makes an agent answer, after `hits` other answers; undefined if it does not apply. */
export function applyChatRule(
  rule: ChatRuleInput,
  hits: number,
  facts: MessageFacts,
): ForcedReply | undefined {
  if (rule.times !== undefined && hits >= rule.times) return undefined;
  if (!matches(rule.match ?? {}, facts)) return undefined;
  return rule.outcome ?? rule.sequence?.[Math.min(hits, rule.sequence.length - 1)];
}

function matches(match: NonNullable<ChatRuleInput['match']>, facts: MessageFacts): boolean {
  const { content, agentId = facts.agentId, chatType = facts.chatType } = match;
  return (
    agentId === facts.agentId &&
    chatType === facts.chatType &&
    (content === undefined ||
      matchesGlob(content.trim().toLowerCase(), facts.content.trim().toLowerCase())) &&
    fits(match.fromNumber, facts.fromNumber) &&
    fits(match.toNumber, facts.toNumber) &&
    hasAll(facts.metadata, match.metadata ?? {}) &&
    hasAll(facts.dynamicVariables, match.dynamicVariables ?? {})
  );
}

const fits = (glob: string | undefined, text: string | undefined): boolean =>
  glob === undefined || (text !== undefined && matchesGlob(glob, text));

const hasAll = (
  values: Readonly<Record<string, unknown>>,
  wanted: Readonly<Record<string, unknown>>,
): boolean =>
  Object.entries(wanted).every(
    ([name, value]) => Object.hasOwn(values, name) && isDeepStrictEqual(values[name], value),
  );

/** The outcomes that a rule may give, each with its path in the rule. */
export const repliesOf = ({
  outcome,
  sequence = [],
}: ChatRuleInput): (readonly [path: string, outcome: ForcedReply])[] => [
  ...(outcome === undefined ? [] : [['/outcome', outcome] as const]),
  ...sequence.map((forced, index) => [`/sequence/${String(index)}`, forced] as const),
];

interface Mistake {
  readonly path: string;
  readonly problem: string;
}

/** Says where a rule contradicts itself, and how; undefined if it does not. */
export function findChatRuleMistake(rule: ChatRuleInput): Mistake | undefined {
  if ((rule.outcome === undefined) === (rule.sequence === undefined)) {
    return { path: '', problem: 'must have either "outcome" or "sequence"' };
  }
  const found = repliesOf(rule).find(
    ([, { analysis, analysisDelay }]) => analysis === null && analysisDelay !== undefined,
  );
  return (
    found && {
      path: `${found[0]}/analysisDelay`,
      problem: 'does not go with an analysis that is null',
    }
  );
}

/** The first value of an analysis that the agent defines otherwise; undefined if there is none. */
export function findWrongReplyValue(
  rule: ChatRuleInput,
  items: readonly AnalysisItem[],
): Mistake | undefined {
  for (const [path, { analysis = {} }] of repliesOf(rule)) {
    const [wrong] = findWrongValues({ analysis }, items);
    if (wrong !== undefined) {
      return { path: `${path}/analysis/custom/${wrong.name}`, problem: wrong.problem };
    }
  }
  return undefined;
}
