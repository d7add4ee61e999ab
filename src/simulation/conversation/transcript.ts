import type { ToolMock } from '../../domain/testing/tool-mock.js';
import { derivedAlphanumeric, derivedHex, idsInRow } from '../../random.js';
import { beginning, type Conversation, type Entry, type Transition } from './entry.js';

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
      transition_type: Transition;
      global_transition?: boolean;
    }
  | { role: 'state_transition'; former_state_name: string; new_state_name: string }
) & { message_id: string; created_timestamp: number };

/**
 * Observed (raw answers): its keys are in camel case. `toolMocks` and `currentState` are for LLMs,
 * `currentNodeId` is for flows. `Item` is what the transcript holds.
 */
export interface TranscriptSnapshot<Item = TranscriptEntry> {
  transcript: readonly Item[];
  dynamicVariables: Record<string, unknown>;
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

/** The run that a transcript is of. Times in milliseconds since the epoch. */
export interface RunSpan {
  readonly runId: string;
  readonly startedAt: number;
  /** Later than `startedAt` by at least one millisecond for each entry. */
  readonly endsAt: number;
}

/** Adds the times and ids of a run to the entries of a conversation. */
export function toTranscript({ entries }: Conversation, span: RunSpan): TranscriptEntry[] {
  const { runId } = span;
  const times = spread(entries, span);
  const responseIds = numberResponses(entries);
  const messageId = messageIds(runId);
  return entries.map((entry, index) => {
    const responseId = responseIds[index];
    return {
      ...toEntry(entry, index, runId),
      ...(responseId !== undefined && { metadata: { response_id: responseId } }),
      message_id: messageId(index),
      created_timestamp: times[index] ?? span.startedAt,
    };
  });
}

/** Observed: `message_` and 24 hex digits. @param holder the run, or the turn of a playground. */
export function messageIds(holder: string): (index: number) => string {
  const digits = idsInRow(derivedHex(24, holder, 'message'));
  return (index) => `message_${digits(index)}`;
}

/** An entry without `message_id` and `created_timestamp`. */
export function toEntry(entry: Entry, index: number, runId: string) {
  // A result follows its call at once, and has the call's id. Observed: 24 letters and digits.
  const toolCallId = (callIndex: number) =>
    `call_${derivedAlphanumeric(24, runId, 'tool call', callIndex)}`;
  switch (entry.role) {
    case 'agent':
    case 'user':
      return entry;
    case 'tool_call_invocation':
      return { ...entry, tool_call_id: toolCallId(index) };
    case 'tool_call_result':
      return { ...entry, tool_call_id: toolCallId(index - 1) };
    case 'state_transition':
      return {
        role: entry.role,
        former_state_name: entry.from.name,
        new_state_name: entry.to.name,
      };
    case 'node_transition':
      return {
        role: entry.role,
        former_node_id: entry.from.id,
        former_node_name: entry.from.name,
        new_node_id: entry.to.id,
        new_node_name: entry.to.name,
        transition_type: entry.via,
        // Observed: on all but the first.
        ...(entry.from !== beginning && { global_transition: entry.via === 'global' }),
      };
  }
}

/**
 * By entry: the number of the agent's response. Observed: the numbers begin at 1, and what the agent
 * says before the user speaks has none.
 */
function numberResponses(entries: readonly Entry[]): (number | undefined)[] {
  const firstByUser = entries.findIndex(({ role }) => role === 'user');
  let count = 0;
  return entries.map(({ role }, index) => {
    if (role !== 'agent' || index < firstByUser || firstByUser === -1) return undefined;
    count += 1;
    return count;
  });
}

/**
 * When each entry begins: the longer an entry, the later the next one. Each time is at least one
 * millisecond after the one before it, and the last is before the end of the run.
 */
function spread(entries: readonly Entry[], { startedAt, endsAt }: RunSpan): number[] {
  const room = endsAt - startedAt - entries.length;
  const lengths = entries.map(speakingLength);
  const total = lengths.reduce((sum, length) => sum + length, 0);
  let before = 0;
  return lengths.map((length, index) => {
    const time = startedAt + index + Math.floor((room * before) / total);
    before += length;
    return time;
  });
}

/** In words. What is not spoken counts as five words. */
function speakingLength(entry: Entry): number {
  const isSpoken = entry.role === 'agent' || entry.role === 'user';
  return isSpoken ? entry.content.split(' ').length : 5;
}
