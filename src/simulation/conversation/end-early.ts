import type { EngineTool } from '../../domain/engines/engine-tool.js';
import type { Ending } from '../../domain/testing/forced-outcome.js';
import type { Entry, FailureCause } from './entry.js';
import { withoutPhoneNumbers } from './facts.js';
import { mainIntent } from './user-prompt.js';
import type { ConversationContext } from './context.js';
import type { Dialogue } from './dialogue.js';
import { callUnmocked } from './tool-call.js';
import { Writer } from './writer.js';

interface EarlyEnd {
  readonly entries: readonly Entry[];
  /** How many of them are from the complete dialogue. */
  readonly kept: number;
  readonly cause: FailureCause;
}

/** How many times an agent in a loop says the same sentence. */
const repetitions = 4;

/** Makes a conversation that ends early from a complete dialogue. */
export function endEarly(
  ending: Exclude<Ending, 'agent-model'>,
  dialogue: Dialogue,
  context: ConversationContext,
  failingTool: EngineTool | undefined,
): EarlyEnd {
  const { entries } = dialogue.writer;
  if (ending === 'judge') return { entries, kept: entries.length, cause: { kind: 'judge' } };
  if (ending === 'tool') return endAtTool(dialogue, context, failingTool);
  const start = entries.slice(0, beginningOf(entries));
  const writer = new Writer(context.engine.type, context.variables, context.draw, start);
  switch (ending) {
    case 'loop':
      return endInLoop(writer, context);
    case 'silence':
      return endInSilence(writer);
    case 'user-model':
      return endAfter(start);
  }
}

const endAfter = (entries: readonly Entry[]): EarlyEnd => ({
  ...{ entries, kept: entries.length },
  cause: { kind: 'user-model', after: entries.length - 1 },
});

/** How many entries there are until the agent has answered the first words of the user. */
function beginningOf(entries: readonly Entry[]): number {
  const asked = entries.findIndex(({ role }) => role === 'user');
  const answered = entries.findIndex(({ role }, index) => index > asked && role === 'agent');
  const next = entries[answered + 1]?.role;
  // An answer that announces a call is not complete without the call, which could end the conversation.
  const end = answered === -1 || next === 'tool_call_invocation' ? asked : answered;
  return end + 1;
}

/** The agent repeats one sentence, whatever the user says. */
function endInLoop(writer: Writer, { content }: ConversationContext): EarlyEnd {
  const kept = writer.entries.length;
  if (writer.entries.at(-1)?.role === 'agent') writer.say('user', 'goOn');
  const at = writer.say('agent', 'repeats');
  const said = writer.entries[at];
  const intent = mainIntent(writer.fill(withoutPhoneNumbers(content.user_prompt)));
  for (let times = 1; times < repetitions; times += 1) {
    writer.say('user', 'saysAgain', intent ?? 'I have a question.');
    if (said !== undefined && 'content' in said) writer.text('agent', said.content);
  }
  return { entries: writer.entries, kept, cause: { kind: 'loop' } };
}

/** The user speaks twice in a row, and the agent does not answer. */
function endInSilence(writer: Writer): EarlyEnd {
  const kept = writer.entries.length;
  if (writer.entries.at(-1)?.role === 'agent') writer.say('user', 'lookUp');
  const from = writer.last;
  writer.say('user', 'stillThere');
  return { entries: writer.entries, kept, cause: { kind: 'silence', from } };
}

/** The call of the tool fails as if it went to a real tool that does not exist. */
function endAtTool(
  dialogue: Dialogue,
  { values }: ConversationContext,
  failingTool: EngineTool | undefined,
): EarlyEnd {
  const made = failingTool && dialogue.callsOf(failingTool.name)[0];
  const { entries } = dialogue.writer;
  if (made === undefined) {
    const end = beginningOf(entries);
    return endAfter(entries.slice(0, end));
  }
  const { content } = callUnmocked({ ...made.call.tool, type: 'custom' }, {}, values).result ?? {};
  const failed = { role: 'tool_call_result', content: content ?? '', successful: false } as const;
  return {
    entries: [...entries.slice(0, made.at + 1), failed],
    kept: made.at,
    cause: { kind: 'tool', toolName: made.call.tool.name, at: made.at },
  };
}
