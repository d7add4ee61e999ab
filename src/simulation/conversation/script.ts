import type { Outcome } from '../../domain/batch-test.js';
import type { TestCaseContent } from '../../domain/test-case.js';
import { leastArguments, selectMock, type ToolMock } from '../../domain/tool-mock.js';
import type { Draw } from '../../random.js';
import { topicOf, type Topic } from './metric.js';
import { openingWish, phrases, substitute, type Phrase } from './phrases.js';

/** What happens in a conversation, before it has times and ids. */
export type Line =
  | { readonly role: 'agent' | 'user'; readonly content: string }
  | { readonly role: 'tool_call_invocation'; readonly name: string; readonly arguments: string }
  | { readonly role: 'tool_call_result'; readonly content: string; readonly successful: boolean }
  | { readonly role: 'node_transition'; readonly from: FlowNode; readonly to: FlowNode };

export interface FlowNode {
  readonly id: string;
  readonly name: string;
}

/** What the judge found of one metric, and the lines that decided it. */
export interface Verdict {
  readonly metric: string;
  readonly met: boolean;
  readonly askedAt: number;
  readonly answeredAt: number;
}

/** Why a run came to no verdict. */
export type Breakdown =
  | { readonly kind: 'no-conversation' }
  | { readonly kind: 'user-model'; readonly after: number }
  | { readonly kind: 'tool'; readonly toolName: string; readonly at: number }
  | { readonly kind: 'judge' };

export interface Script {
  readonly lines: readonly Line[];
  /** Of each metric; empty if it did not come to that. */
  readonly verdicts: readonly Verdict[];
  readonly breakdown?: Breakdown;
  /** Where the conversation is in the flow; undefined outside of flows. */
  readonly node?: FlowNode;
}

/** Stand for the nodes of a flow that the emulator has no graph of. */
const nodes = {
  welcome: { id: 'node-welcome', name: 'Welcome' },
  conversation: { id: 'node-conversation', name: 'Conversation' },
  end: { id: 'node-end', name: 'End' },
} as const satisfies Record<string, FlowNode>;

/** What a run is judged by when its definition has no metrics. */
const impliedMetric = 'The agent does what the user asks for';

/** Writes what is said in a run: the same for the same definition, outcome and draws. */
export function writeScript(content: TestCaseContent, outcome: Outcome, draw: Draw): Script {
  const writer = new ScriptWriter(content, draw);
  const breakdown = outcome === 'error' ? drawBreakdown(content, draw) : undefined;
  if (breakdown === 'no-conversation') return writer.finish({ kind: breakdown });

  writer.open();
  if (breakdown === 'user-model') return writer.finish({ kind: breakdown, after: writer.last });
  for (const mock of reachableMocks(content.tool_mocks)) writer.callMockedTool(mock);
  if (breakdown === 'tool') return writer.finish(writer.callRealTool());
  const metrics = content.metrics.length > 0 ? content.metrics : [impliedMetric];
  const unmet = outcome === 'fail' ? drawUnmet(metrics.length, draw) : new Set<number>();
  for (const [index, metric] of metrics.entries()) {
    writer.judge(metric, !unmet.has(index));
  }
  writer.close();
  return writer.finish(breakdown && { kind: breakdown });
}

function drawBreakdown({ tool_mocks }: TestCaseContent, draw: Draw): Breakdown['kind'] {
  const kinds: Breakdown['kind'][] = ['user-model', 'judge', 'no-conversation'];
  if (unmockedTool(tool_mocks) !== undefined) kinds.push('tool');
  return kinds[Math.floor(draw('breakdown') * kinds.length)] ?? 'judge';
}

/** At least one metric is not met in a run that fails, and now and then a few more. */
function drawUnmet(count: number, draw: Draw): Set<number> {
  const unmet = new Set([Math.floor(draw('unmet') * count)]);
  for (let index = 0; index < count; index += 1) {
    if (draw('also unmet', index) < 0.2) unmet.add(index);
  }
  return unmet;
}

/** Mocks that some call reaches, those that no earlier one hides. Ending the call comes last. */
function reachableMocks(mocks: readonly ToolMock[]): ToolMock[] {
  const reachable = mocks.filter(
    (mock) => selectMock(mocks, mock.tool_name, leastArguments(mock)) === mock,
  );
  const endsCall = ({ tool_name }: ToolMock) => tool_name === 'end_call';
  return [...reachable.filter((mock) => !endsCall(mock)), ...reachable.filter(endsCall)];
}

/** A tool that can be called past all of its mocks. */
const unmockedTool = (mocks: readonly ToolMock[]): string | undefined =>
  mocks.find(({ tool_name }) => selectMock(mocks, tool_name, {}) === undefined)?.tool_name;

/** What the user says to bring up a metric, and what the agent answers if it is met, or not. */
const exchanges = {
  does: ['askToDo', 'doesIt', 'leavesIt'],
  refrains: ['tempt', 'refrains', 'givesIn'],
  holds: ['raise', 'confirms', 'evades'],
} as const satisfies Record<Topic['kind'], readonly Phrase[]>;

class ScriptWriter {
  readonly #lines: Line[] = [];
  readonly #verdicts: Verdict[] = [];
  readonly #content: TestCaseContent;
  readonly #draw: Draw;
  #node: FlowNode | undefined;

  constructor(content: TestCaseContent, draw: Draw) {
    this.#content = content;
    this.#draw = draw;
  }

  /** The index of the last line. */
  get last(): number {
    return this.#lines.length - 1;
  }

  open(): void {
    if (this.#content.response_engine.type === 'conversation-flow') this.#node = nodes.welcome;
    this.#say('agent', 'greeting');
    this.#add({ role: 'user', content: openingWish(this.#substitute(this.#content.user_prompt)) });
    this.#moveTo(nodes.conversation);
    this.#say('agent', 'understood');
  }

  callMockedTool(mock: ToolMock): void {
    this.#say('user', 'lookUp');
    const successful = mock.result ?? true;
    this.#callTool(mock.tool_name, leastArguments(mock), { content: mock.output, successful });
    this.#say('agent', successful ? 'toolWorked' : 'toolFailed');
  }

  /** A call that no mock fits: it would go to the real tool, and there is none here. */
  callRealTool(): Breakdown {
    const toolName = unmockedTool(this.#content.tool_mocks) ?? '';
    this.#say('user', 'lookUp');
    const content = JSON.stringify({ error: 'The tool did not answer.' });
    this.#callTool(toolName, {}, { content, successful: false });
    return { kind: 'tool', toolName, at: this.last - 1 };
  }

  judge(metric: string, met: boolean): void {
    const { kind, asked, answered } = topicOf(this.#substitute(metric));
    const [question, good, bad] = exchanges[kind];
    const askedAt = this.#say('user', question, asked);
    const answeredAt = this.#say('agent', met ? good : bad, answered);
    this.#verdicts.push({ metric, met, askedAt, answeredAt });
  }

  close(): void {
    this.#say('user', 'thanks');
    this.#moveTo(nodes.end);
    this.#say('agent', 'goodbye');
  }

  finish(breakdown: Breakdown | undefined): Script {
    return {
      lines: this.#lines,
      verdicts: breakdown === undefined ? this.#verdicts : [],
      ...(breakdown && { breakdown }),
      ...(this.#node && { node: this.#node }),
    };
  }

  #substitute(text: string): string {
    return substitute(text, this.#content.dynamic_variables);
  }

  #callTool(
    name: string,
    args: object,
    result: { readonly content: string; readonly successful: boolean },
  ): void {
    this.#add({ role: 'tool_call_invocation', name, arguments: JSON.stringify(args) });
    this.#add({ role: 'tool_call_result', ...result });
  }

  #moveTo(to: FlowNode): void {
    if (this.#node === undefined) return;
    this.#add({ role: 'node_transition', from: this.#node, to });
    this.#node = to;
  }

  #say(role: 'agent' | 'user', phrase: Phrase, matter = ''): number {
    const choices: readonly string[] = phrases[phrase];
    const choice = Math.floor(this.#draw(phrase, this.#lines.length) * choices.length);
    // A function, because a text to put in may hold `$&` and the like.
    return this.#add({ role, content: (choices[choice] ?? '').replace('{}', () => matter) });
  }

  #add(line: Line): number {
    return this.#lines.push(line) - 1;
  }
}
