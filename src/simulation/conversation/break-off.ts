import type { EngineTool } from '../../domain/engine-tool.js';
import type { Ending } from '../../domain/forced-outcome.js';
import type { Entry, FailureCause } from './entry.js';
import { withoutPhoneNumbers } from './facts.js';
import { mainWish } from './phrases.js';
import type { ConversationContext } from './context.js';
import type { Dialogue } from './dialogue.js';
import { callUnmocked } from './tool-call.js';
import { Writer } from './writer.js';

interface BrokenOff {
  readonly entries: readonly Entry[];
  readonly cause: FailureCause;
}

/** How often an agent that is caught in a loop says the same. */
const repetitions = 4;

/** A conversation that did not come to its end, from one that did. */
export function breakOff(
  ending: Exclude<Ending, 'agent-model'>,
  dialogue: Dialogue,
  context: ConversationContext,
  broken: EngineTool | undefined,
): BrokenOff {
  const { entries } = dialogue.writer;
  if (ending === 'judge') return { entries, cause: { kind: 'judge' } };
  if (ending === 'tool') return breakAtTool(dialogue, context, broken);
  const start = entries.slice(0, beginningOf(entries));
  const writer = new Writer(context.engine.type, context.variables, context.draw, start);
  switch (ending) {
    case 'loop':
      return repeat(writer, context);
    case 'silence':
      return fallSilent(writer);
    case 'user-model':
      return { entries: start, cause: { kind: 'user-model', after: start.length - 1 } };
  }
}

/** Up to where the agent has answered what the user said first, without what ends the call. */
function beginningOf(entries: readonly Entry[]): number {
  const asked = entries.findIndex(({ role }) => role === 'user');
  const answered = entries.findIndex(({ role }, index) => index > asked && role === 'agent');
  const next = entries[answered + 1]?.role;
  // A call right after it is a part of the answer.
  const end = answered === -1 || next === 'tool_call_invocation' ? asked : answered;
  return end + 1;
}

/** The agent says the same again and again, whatever the user says. */
function repeat(writer: Writer, { content }: ConversationContext): BrokenOff {
  if (writer.entries.at(-1)?.role === 'agent') writer.say('user', 'goOn');
  const at = writer.say('agent', 'repeats');
  const said = writer.entries[at];
  const wish = mainWish(writer.fill(withoutPhoneNumbers(content.user_prompt)));
  for (let times = 1; times < repetitions; times += 1) {
    writer.say('user', 'saysAgain', wish ?? 'I have a question.');
    if (said !== undefined && 'content' in said) writer.text('agent', said.content);
  }
  return { entries: writer.entries, cause: { kind: 'loop' } };
}

/** The user speaks twice, and once more, and nobody answers. */
function fallSilent(writer: Writer): BrokenOff {
  if (writer.entries.at(-1)?.role === 'agent') writer.say('user', 'lookUp');
  const from = writer.last;
  writer.say('user', 'stillThere');
  return { entries: writer.entries, cause: { kind: 'silence', from } };
}

/** The call goes to the real tool, which is not there. */
function breakAtTool(
  dialogue: Dialogue,
  { values }: ConversationContext,
  broken: EngineTool | undefined,
): BrokenOff {
  const made = broken && dialogue.callsOf(broken.name)[0];
  const { entries } = dialogue.writer;
  if (made === undefined) {
    const end = beginningOf(entries);
    return { entries: entries.slice(0, end), cause: { kind: 'user-model', after: end - 1 } };
  }
  const { content } = callUnmocked({ ...made.call.tool, type: 'custom' }, {}, values).result ?? {};
  const failed = { role: 'tool_call_result', content: content ?? '', successful: false } as const;
  return {
    entries: [...entries.slice(0, made.at + 1), failed],
    cause: { kind: 'tool', toolName: made.call.tool.name, at: made.at },
  };
}
