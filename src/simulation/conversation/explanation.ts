import type { TestCaseContent } from '../../domain/test-case.js';
import type { Line, Script, Verdict } from './script.js';

/** How long the emulated service waits for a model. It is only ever told. */
const modelTimeout = '30 s';

/**
 * What the judge says of a run: for each metric whether it was met, and the entry of the
 * transcript that decided it. The gist comes first.
 * Observed: clients print it, some of them its first 300 characters only.
 */
export function explain(script: Script, content: TestCaseContent): string {
  if (script.breakdown !== undefined) return explainBreakdown(script, content);
  const { lines, verdicts } = script;
  const unmet = verdicts.filter(({ met }) => !met);
  const total = String(verdicts.length);
  const gist =
    unmet.length === 0
      ? `All metrics are met (${total} of ${total}).`
      : `${String(unmet.length)} of ${total} metrics not met: ${unmet.map(({ metric }) => quote(metric)).join(', ')}.`;
  const reasons = verdicts.map(
    (verdict, index) => `${String(index + 1)}. ${reason(verdict, lines)}`,
  );
  return [gist, ...reasons].join('\n');
}

function reason({ metric, met, askedAt, answeredAt }: Verdict, lines: readonly Line[]): string {
  const answer = lines[answeredAt];
  const said = answer !== undefined && 'content' in answer ? answer.content : '';
  return met
    ? `${quote(metric)}: met. At ${entry(answeredAt)} the agent says: ${quote(said)}`
    : `${quote(metric)}: not met. Asked about it at ${entry(askedAt)}, the agent says at ${entry(answeredAt)}: ${quote(said)}`;
}

function explainBreakdown({ breakdown }: Script, { llm_model }: TestCaseContent): string {
  switch (breakdown?.kind) {
    case 'user-model':
      return `Error: the model that plays the user (${llm_model}) did not answer ${entry(breakdown.after)} within ${modelTimeout}, so the conversation broke off there.`;
    case 'tool':
      return `Error: the tool ${quote(breakdown.toolName)}, called at ${entry(breakdown.at)}, failed. None of its mocks fits the arguments of the call, so the real tool was called, and it did not answer.`;
    case 'judge':
      return `Error: the conversation came to its end, but the model that judges it did not answer within ${modelTimeout}, so no metric was judged.`;
    case 'no-conversation':
    case undefined:
      return `Error: the agent's model did not answer within ${modelTimeout}, so there was no conversation.`;
  }
}

const entry = (index: number): string => `transcript[${String(index)}]`;

const quote = (text: string): string => JSON.stringify(text);
