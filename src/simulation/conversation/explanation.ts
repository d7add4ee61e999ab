import type { TestCaseContent } from '../../domain/testing/test-case.js';
import type { Conversation, Entry, FailureCause, Verdict } from './entry.js';
import { shortened } from './text.js';

/** How long the emulated service waits for a model: a text, nothing waits. */
const modelTimeout = '30 s';

/**
 * The judge's explanation of a run: first the result, then for each metric whether it was met and
 * which entry of the transcript decided it.
 * Observed: clients print it, some of them its first 300 characters only.
 */
export function explain(conversation: Conversation, content: TestCaseContent): string {
  const { cause, entries, verdicts, othersMet } = conversation;
  if (cause !== undefined) return explainCause(cause, content);
  const unmet = verdicts.filter(({ met }) => !met);
  const total = String(verdicts.length + othersMet);
  const gist =
    unmet.length === 0
      ? `All metrics are met (${total} of ${total}).`
      : `${String(unmet.length)} of ${total} metrics not met: ${unmet.map(({ metric }) => quote(metric)).join(', ')}.`;
  const reasons = verdicts.map(
    (verdict, index) => `${String(index + 1)}. ${reason(verdict, entries)}`,
  );
  const others = `${String(verdicts.length + 1)} to ${total}: met. Nothing in the conversation speaks against them.`;
  return [gist, ...reasons, ...(othersMet > 0 ? [others] : [])].join('\n');
}

function reason(verdict: Verdict, entries: readonly Entry[]): string {
  const { metric, met, askedAt, decidedAt, call, missing } = verdict;
  const verdictOf = `${quote(metric)}: ${met ? 'met' : 'not met'}.`;
  if (call !== undefined) {
    const { tool, result } = call;
    const failure = result?.successful === false;
    const made = `At ${entry(decidedAt)} the agent calls ${shortened(tool.name, maxQuoteLength)}`;
    return `${verdictOf} ${made}${failure ? `, which fails: ${quote(result.content.slice(0, 200))}` : '.'}`;
  }
  const answer = entries[decidedAt];
  const said = answer !== undefined && 'content' in answer ? answer.content : '';
  if (met) return `${verdictOf} At ${entry(decidedAt)} the agent says: ${quote(said)}`;
  const never = missing.length > 0 ? ` It never calls ${missing.join(', nor ')}.` : '';
  const asked =
    askedAt === undefined ? 'The agent' : `Asked about it at ${entry(askedAt)}, the agent`;
  return `${verdictOf}${never} ${asked} says at ${entry(decidedAt)}: ${quote(said)}`;
}

function explainCause(cause: FailureCause, { llm_model }: TestCaseContent): string {
  switch (cause.kind) {
    case 'loop':
      // Observed: in these words.
      return 'Ending the conversation early as there might be a loop.';
    case 'silence':
      return `The agent did not respond to consecutive user utterances: nothing follows ${entry(cause.from)} and ${entry(cause.from + 1)}. The metrics were not judged.`;
    case 'user-model':
      return `Error: the model that plays the user (${llm_model}) did not answer ${entry(cause.after)} within ${modelTimeout}, so the conversation broke off there.`;
    case 'tool':
      return `Error: the tool ${quote(cause.toolName)}, called at ${entry(cause.at)}, did not answer.`;
    case 'judge':
      return `Error: the conversation came to its end, but the model that judges it did not answer within ${modelTimeout}, so no metric was judged.`;
    case 'agent-model':
      return `Error: the agent's model did not answer within ${modelTimeout}, so there was no conversation.`;
  }
}

const entry = (index: number): string => `transcript[${String(index)}]`;

/** The most characters of a quotation. */
const maxQuoteLength = 1000;

const quote = (text: string): string => JSON.stringify(shortened(text, maxQuoteLength));
