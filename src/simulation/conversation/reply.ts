import type { Engine } from '../../domain/engine.js';
import { leastArguments, type ToolMock } from '../../domain/tool-mock.js';
import type { Draw } from '../../random.js';
import { asMatter, phrases, substitute, type Phrase } from './phrases.js';
import { reachableMocks, type Line, type Spot } from './script.js';

/** What was said and done so far. */
export interface Utterance {
  readonly role: string;
  readonly content?: string;
  readonly name?: string;
  readonly arguments?: string;
  readonly successful?: boolean;
}

export interface Conversation {
  readonly history: readonly Utterance[];
  readonly engine: Engine | undefined;
  readonly toolMocks: readonly ToolMock[];
  readonly variables: Readonly<Record<string, string>>;
  /** The id of the node, or the name of the state, that it is in; the start if undefined. */
  readonly at: string | undefined;
}

export interface Reply {
  readonly lines: readonly Line[];
  /** Where the conversation is after it. */
  readonly spot: Spot | undefined;
  readonly ended: boolean;
}

const farewell = /\b(bye|goodbye|that is all|that's all|that was everything|hang up)\b/i;

/** What the agent says and does next; nothing if it is the user's turn. */
export function reply(conversation: Conversation, draw: Draw): Reply {
  const { history, engine, toolMocks, variables } = conversation;
  const last = history.at(-1);
  const here = placeOf(engine, conversation.at ?? engine?.startId);
  const say = (phrase: Phrase, matter = ''): Line => {
    const choices: readonly string[] = phrases[phrase];
    const choice = choices[Math.floor(draw(phrase) * choices.length)] ?? '';
    return { role: 'agent', content: choice.replace('{}', () => matter) };
  };
  const stay = (...lines: Line[]): Reply => ({ lines, spot: here, ended: false });

  if (last === undefined) {
    if (engine?.firstSpeaker === 'user') return stay();
    const begin = engine?.beginMessage;
    return stay(
      begin === undefined
        ? say('greeting')
        : { role: 'agent', content: substitute(begin, variables) },
    );
  }
  if (last.role === 'tool_call_result') {
    return stay(say(last.successful === false ? 'toolFailed' : 'toolWorked'));
  }
  if (last.role !== 'user') return stay();

  const { content = '' } = last;
  if (farewell.test(content)) return { lines: [say('goodbye')], spot: here, ended: true };
  const moved = moveOn(engine, here, draw);
  const { during, ending } = reachableMocks(toolMocks, engine);
  const mock = [...during, ...ending].find((candidate) => !wasCalled(candidate, history));
  if (mock !== undefined) {
    const successful = mock.result ?? true;
    const lines: Line[] = [
      ...moved.lines,
      {
        role: 'tool_call_invocation',
        name: mock.tool_name,
        arguments: JSON.stringify(leastArguments(mock)),
      },
      { role: 'tool_call_result', content: mock.output, successful },
    ];
    const ended = mock.tool_name === 'end_call';
    const after = ended ? say('goodbye') : say(successful ? 'toolWorked' : 'toolFailed');
    return { lines: [...lines, after], spot: moved.spot, ended };
  }
  const isFirst = !history.some(({ role }, index) => role === 'user' && index < history.length - 1);
  const answer = isFirst ? say('understood') : say('confirms', asMatter(content));
  return { lines: [...moved.lines, answer], spot: moved.spot, ended: false };
}

const placeOf = (engine: Engine | undefined, id: string | undefined) =>
  engine?.places.find((place) => place.id === id);

/** Goes along one of the edges that lead on, if there is one. */
function moveOn(
  engine: Engine | undefined,
  here: ReturnType<typeof placeOf>,
  draw: Draw,
): Pick<Reply, 'lines' | 'spot'> {
  const ahead = here?.next ?? [];
  const next = placeOf(engine, ahead[Math.floor(draw('way') * ahead.length)]);
  if (here === undefined || next === undefined || engine === undefined) {
    return { lines: [], spot: here };
  }
  const role = engine.type === 'conversation-flow' ? 'node_transition' : 'state_transition';
  return { lines: [{ role, from: here, to: next }], spot: next };
}

const wasCalled = (mock: ToolMock, history: readonly Utterance[]): boolean =>
  history.some(
    ({ role, name, arguments: args }) =>
      role === 'tool_call_invocation' &&
      name === mock.tool_name &&
      args === JSON.stringify(leastArguments(mock)),
  );
