import type { Engine } from '../../domain/engine.js';
import type { ToolMock } from '../../domain/tool-mock.js';
import { derivedAlphanumeric, derivedHex } from '../../random.js';
import type { Line, Script } from './script.js';

/**
 * One entry of a transcript.
 * Observed and documented (SDK types): roles and fields; `arguments` is a JSON text, `content` of
 * a tool's result a text of any kind.
 */
export type TranscriptEntry = (
  | { role: 'agent'; content: string; metadata?: { response_id: number } }
  | { role: 'user'; content: string }
  | {
      role: 'tool_call_invocation';
      tool_call_id: string;
      type: string;
      name: string;
      arguments: string;
    }
  | { role: 'tool_call_result'; tool_call_id: string; content: string; successful: boolean }
  | {
      role: 'node_transition';
      former_node_id: string;
      former_node_name: string;
      new_node_id: string;
      new_node_name: string;
      transition_type: 'normal';
    }
  | { role: 'state_transition'; former_state_name: string; new_state_name: string }
) & { message_id: string; created_timestamp: number };

/**
 * Observed (raw answers): its keys are in camel case. `toolMocks` and `currentState` are for LLMs,
 * `currentNodeId` is for flows. `Entry` is what the transcript holds.
 */
export interface TranscriptSnapshot<Entry = TranscriptEntry> {
  transcript: readonly Entry[];
  dynamicVariables: Record<string, string>;
  callEnded: boolean;
  toolMocks?: CamelCaseToolMock[];
  knowledgeBaseRetrievedContents: never[];
  currentNodeId?: string;
  currentState?: string;
}

/** A tool mock in the spelling of raw answers. */
export interface CamelCaseToolMock {
  toolName: string;
  inputMatchRule: ToolMock['input_match_rule'];
  output: string;
  result?: boolean | null;
}

export const toCamelCaseToolMock = (mock: ToolMock): CamelCaseToolMock => ({
  toolName: mock.tool_name,
  inputMatchRule: mock.input_match_rule,
  output: mock.output,
  ...(mock.result !== undefined && { result: mock.result }),
});

/** The run that a script is played in. Times in milliseconds since the epoch. */
export interface Setting {
  readonly runId: string;
  readonly engine: Engine | undefined;
  readonly startedAt: number;
  /** At least as many milliseconds later as the script has lines. */
  readonly endsAt: number;
}

/** Gives the lines of a script the times and ids of a run. */
export function toTranscript({ lines }: Script, setting: Setting): TranscriptEntry[] {
  const { runId, engine } = setting;
  const times = spread(lines, setting);
  const responseIds = numberResponses(lines);
  return lines.map((line, index) => {
    const responseId = responseIds[index];
    return {
      ...toEntry(line, index, runId, engine),
      ...(responseId !== undefined && { metadata: { response_id: responseId } }),
      message_id: messageId(runId, index),
      created_timestamp: times[index] ?? setting.startedAt,
    };
  });
}

/** Observed: `message_` and 24 hex digits. */
export const messageId = (runId: string, index: number): string =>
  `message_${derivedHex(24, runId, 'message', index)}`;

/** An entry without what every entry has. */
export function toEntry(line: Line, index: number, runId: string, engine: Engine | undefined) {
  // A result follows its call at once, and has the call's id. Observed: 24 letters and digits.
  const toolCallId = (callIndex: number) =>
    `call_${derivedAlphanumeric(24, runId, 'tool call', callIndex)}`;
  switch (line.role) {
    case 'agent':
    case 'user':
      return line;
    case 'tool_call_invocation':
      return { ...line, tool_call_id: toolCallId(index), type: toolTypeOf(line.name, engine) };
    case 'tool_call_result':
      return { ...line, tool_call_id: toolCallId(index - 1) };
    case 'state_transition':
      return {
        role: line.role,
        former_state_name: line.from.name,
        new_state_name: line.to.name,
      };
    case 'node_transition':
      return {
        role: line.role,
        former_node_id: line.from.id,
        former_node_name: line.from.name,
        new_node_id: line.to.id,
        new_node_name: line.to.name,
        transition_type: 'normal' as const,
      };
  }
}

/** Documented: types of tools that the vendor provides. By custom they are called by their type. */
const builtInTools: readonly string[] = [
  'end_call',
  'transfer_call',
  'bridge_transfer',
  'cancel_transfer',
  'agent_swap',
  'press_digit',
  'send_sms',
  'check_availability_cal',
  'book_appointment_cal',
  'extract_dynamic_variable',
];

/** Observed: every invocation has it. Of an engine that is not known, the name tells the type. */
const toolTypeOf = (name: string, engine: Engine | undefined): string =>
  engine?.tools.find((tool) => tool.name === name)?.type ??
  (builtInTools.includes(name) ? name : 'custom');

/**
 * By line: the number of the agent's response. Observed: they count from 1, and what the agent says
 * before the user has spoken has none.
 */
function numberResponses(lines: readonly Line[]): (number | undefined)[] {
  const firstByUser = lines.findIndex(({ role }) => role === 'user');
  let count = 0;
  return lines.map(({ role }, index) => {
    if (role !== 'agent' || index < firstByUser || firstByUser === -1) return undefined;
    count += 1;
    return count;
  });
}

/**
 * When each line begins, within the run's span: the longer the line before it, the later. The times
 * rise by a millisecond at least, and the last is before the end.
 */
function spread(lines: readonly Line[], { startedAt, endsAt }: Setting): number[] {
  const room = endsAt - startedAt - lines.length;
  const lengths = lines.map(speakingLength);
  const total = lengths.reduce((sum, length) => sum + length, 0);
  let before = 0;
  return lengths.map((length, index) => {
    const time = startedAt + index + Math.floor((room * before) / total);
    before += length;
    return time;
  });
}

/** In words; what is not spoken takes as long as a short sentence. */
function speakingLength(line: Line): number {
  const isSpoken = line.role === 'agent' || line.role === 'user';
  return isSpoken ? line.content.split(' ').length : 5;
}
