import { derivedHex } from '../../random.js';
import type { Line, Script } from './script.js';

/**
 * One entry of a transcript.
 * Observed and documented (SDK types): roles and fields; `arguments` is a JSON text, `content` of
 * a tool's result a text of any kind.
 */
export type TranscriptEntry = (
  | { role: 'agent' | 'user'; content: string }
  | { role: 'tool_call_invocation'; tool_call_id: string; name: string; arguments: string }
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

/** Observed: its keys are in camel case. `currentNodeId` is for flows, `currentState` for LLMs. */
export interface TranscriptSnapshot {
  transcript: TranscriptEntry[];
  dynamicVariables: Record<string, string>;
  currentNodeId?: string;
  currentState?: string;
}

/** The run that a script is played in. Times in milliseconds since the epoch. */
export interface Setting {
  readonly runId: string;
  readonly startedAt: number;
  readonly endsAt: number;
  readonly dynamicVariables: Record<string, string>;
}

/** Gives a script the times and ids of a run; null if nothing was said. */
export function toTranscript({ lines, spot }: Script, setting: Setting): TranscriptSnapshot | null {
  if (lines.length === 0) return null;
  const times = spread(lines, setting);
  return {
    transcript: lines.map((line, index) => ({
      ...toEntry(line, index, setting.runId),
      message_id: derivedHex(16, setting.runId, 'message', index),
      created_timestamp: times[index] ?? setting.startedAt,
    })),
    dynamicVariables: setting.dynamicVariables,
    ...(spot?.kind === 'node' && { currentNodeId: spot.id }),
    ...(spot?.kind === 'state' && { currentState: spot.name }),
  };
}

/** An entry without what every entry has. */
export function toEntry(line: Line, index: number, runId: string) {
  // Observed: 16 hex digits. A result follows its call at once, and has the call's id.
  const toolCallId = (callIndex: number) => derivedHex(16, runId, 'tool call', callIndex);
  switch (line.role) {
    case 'agent':
    case 'user':
      return line;
    case 'tool_call_invocation':
      return { ...line, tool_call_id: toolCallId(index) };
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

/**
 * When each line begins, within the run's real span: the longer the line before it, the later.
 * The times rise, by a millisecond at least wherever the span has room for that.
 */
function spread(lines: readonly Line[], { startedAt, endsAt }: Setting): number[] {
  const gap = endsAt - startedAt >= lines.length ? 1 : 0;
  const room = endsAt - startedAt - gap * lines.length;
  const lengths = lines.map(speakingLength);
  const total = lengths.reduce((sum, length) => sum + length, 0);
  let before = 0;
  return lengths.map((length, index) => {
    const time = startedAt + gap * index + Math.floor((room * before) / total);
    before += length;
    return time;
  });
}

/** In words; what is not spoken takes as long as a short sentence. */
function speakingLength(line: Line): number {
  const isSpoken = line.role === 'agent' || line.role === 'user';
  return isSpoken ? line.content.split(' ').length : 5;
}
