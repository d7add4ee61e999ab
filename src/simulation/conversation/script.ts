import type { Outcome } from '../../domain/batch-test.js';
import type { Engine, Place } from '../../domain/engine.js';
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
  | {
      readonly role: 'node_transition' | 'state_transition';
      readonly from: Spot;
      readonly to: Spot;
    };

/** Where a conversation is: a node of a flow, or a state of an LLM. */
export interface Spot {
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
  /** Where the conversation ended; undefined where there are neither nodes nor states. */
  readonly spot?: Spot & { readonly kind: 'node' | 'state' };
}

/** Stand for the nodes of a flow that the emulator has no graph of. */
const standIns: readonly Spot[] = [
  { id: 'node-welcome', name: 'Welcome' },
  { id: 'node-conversation', name: 'Conversation' },
  { id: 'node-end', name: 'End' },
];

/** What a run is judged by when its definition has no metrics. */
const impliedMetric = 'The agent does what the user asks for';

/**
 * Writes what is said in a run: the same for the same definition, engine, outcome and draws.
 * @param engine undefined if the emulator does not have it.
 */
export function writeScript(
  content: TestCaseContent,
  engine: Engine | undefined,
  outcome: Outcome,
  draw: Draw,
): Script {
  const writer = new ScriptWriter(content, engine, draw);
  const unmocked = unmockedTool(content.tool_mocks, engine);
  const breakdown = outcome === 'error' ? drawBreakdown(unmocked, draw) : undefined;
  if (breakdown === 'no-conversation') return writer.finish({ kind: breakdown });

  writer.open();
  if (breakdown === 'user-model') return writer.finish({ kind: breakdown, after: writer.last });
  const { during, ending } = reachableMocks(content.tool_mocks, engine);
  for (const mock of during) writer.callMockedTool(mock);
  if (breakdown === 'tool') return writer.finish(writer.callRealTool(unmocked ?? ''));
  const metrics = content.metrics.length > 0 ? content.metrics : [impliedMetric];
  const unmet = outcome === 'fail' ? drawUnmet(metrics.length, draw) : new Set<number>();
  for (const [index, metric] of metrics.entries()) {
    writer.judge(metric, !unmet.has(index));
  }
  writer.close(ending);
  return writer.finish(breakdown && { kind: breakdown });
}

function drawBreakdown(unmockedTool: string | undefined, draw: Draw): Breakdown['kind'] {
  const kinds: Breakdown['kind'][] = ['user-model', 'judge', 'no-conversation'];
  if (unmockedTool !== undefined) kinds.push('tool');
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
export function reachableMocks(mocks: readonly ToolMock[], engine: Engine | undefined) {
  const isCalled = (name: string) => engine?.tools.some((tool) => tool.name === name) ?? true;
  const reachable = mocks.filter(
    (mock) =>
      isCalled(mock.tool_name) && selectMock(mocks, mock.tool_name, leastArguments(mock)) === mock,
  );
  const endsCall = ({ tool_name }: ToolMock) => tool_name === 'end_call';
  return {
    during: reachable.filter((mock) => !endsCall(mock)),
    ending: reachable.filter(endsCall),
  };
}

/** A tool that can be called past all of its mocks, or has none. */
const unmockedTool = (mocks: readonly ToolMock[], engine: Engine | undefined): string | undefined =>
  (engine?.tools.map(({ name }) => name) ?? mocks.map(({ tool_name }) => tool_name)).find(
    (name) => name !== 'end_call' && selectMock(mocks, name, {}) === undefined,
  );

/** The way that a conversation takes, from the start and along the edges, to no place twice. */
function drawRoute(
  { type }: TestCaseContent['response_engine'],
  engine: Engine | undefined,
  draw: Draw,
): readonly Spot[] {
  if (engine === undefined) return type === 'conversation-flow' ? standIns : [];
  const placeOf = (id: string | undefined) => engine.places.find((place) => place.id === id);
  const route: Place[] = [];
  let place = placeOf(engine.startId);
  while (place !== undefined && route.length < longestRoute) {
    route.push(place);
    const ahead = place.next.filter((id) => !route.some((passed) => passed.id === id));
    place = placeOf(ahead[Math.floor(draw('way', route.length) * ahead.length)]);
  }
  return route;
}

/** Places in one conversation. */
const longestRoute = 20;

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
  readonly #engine: Engine | undefined;
  readonly #draw: Draw;
  readonly #route: readonly Spot[];
  /** How far along the route it is. */
  #passed = 0;

  constructor(content: TestCaseContent, engine: Engine | undefined, draw: Draw) {
    this.#content = content;
    this.#engine = engine;
    this.#draw = draw;
    this.#route = drawRoute(content.response_engine, engine, draw);
  }

  /** The index of the last line. */
  get last(): number {
    return this.#lines.length - 1;
  }

  open(): void {
    if (this.#engine?.firstSpeaker !== 'user') this.#greet(this.#engine?.beginMessage);
    this.#add({ role: 'user', content: openingWish(this.#substitute(this.#content.user_prompt)) });
    this.#moveOn(1);
    this.#say('agent', 'understood');
  }

  callMockedTool(mock: ToolMock): void {
    this.#say('user', 'lookUp');
    const successful = this.#callMock(mock);
    this.#say('agent', successful ? 'toolWorked' : 'toolFailed');
  }

  /** A call that no mock fits: it would go to the real tool, and there is none here. */
  callRealTool(toolName: string): Breakdown {
    this.#say('user', 'lookUp');
    const content = JSON.stringify({ error: 'The tool did not answer.' });
    this.#callTool(toolName, {}, { content, successful: false });
    return { kind: 'tool', toolName, at: this.last - 1 };
  }

  judge(metric: string, met: boolean): void {
    this.#moveOn(1);
    const { kind, asked, answered } = topicOf(this.#substitute(metric));
    const [question, good, bad] = exchanges[kind];
    const askedAt = this.#say('user', question, asked);
    const answeredAt = this.#say('agent', met ? good : bad, answered);
    this.#verdicts.push({ metric, met, askedAt, answeredAt });
  }

  /** @param endings mocks of what ends the call. */
  close(endings: readonly ToolMock[]): void {
    this.#say('user', 'thanks');
    this.#moveOn(0);
    this.#say('agent', 'goodbye');
    for (const mock of endings) this.#callMock(mock);
  }

  finish(breakdown: Breakdown | undefined): Script {
    const spot = this.#route[this.#passed];
    return {
      lines: this.#lines,
      verdicts: breakdown === undefined ? this.#verdicts : [],
      ...(breakdown && { breakdown }),
      ...(spot && { spot: { ...spot, kind: this.#kind } }),
    };
  }

  #substitute(text: string): string {
    return substitute(text, this.#content.dynamic_variables);
  }

  #greet(beginMessage: string | undefined): void {
    if (beginMessage === undefined) this.#say('agent', 'greeting');
    else this.#add({ role: 'agent', content: this.#substitute(beginMessage) });
  }

  /** Answers whether it was successful. */
  #callMock(mock: ToolMock): boolean {
    const successful = mock.result ?? true;
    this.#callTool(mock.tool_name, leastArguments(mock), { content: mock.output, successful });
    return successful;
  }

  #callTool(
    name: string,
    args: object,
    result: { readonly content: string; readonly successful: boolean },
  ): void {
    this.#add({ role: 'tool_call_invocation', name, arguments: JSON.stringify(args) });
    this.#add({ role: 'tool_call_result', ...result });
  }

  get #kind(): 'node' | 'state' {
    const { type } = this.#engine ?? this.#content.response_engine;
    return type === 'conversation-flow' ? 'node' : 'state';
  }

  /** Goes a step along the route, but leaves so many; where none is to be left, all the rest. */
  #moveOn(left: number): void {
    const last = this.#route.length - 1 - left;
    const target = left === 0 ? last : Math.min(this.#passed + 1, last);
    while (this.#passed < target) {
      const [from, to] = this.#route.slice(this.#passed);
      this.#passed += 1;
      if (from === undefined || to === undefined) return;
      this.#add({ role: `${this.#kind}_transition`, from, to });
    }
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
