import type { CallEntry, Utterance } from '../../domain/calls/call.js';
import { toText } from '../../domain/calls/given-call.js';
import { derivedAlphanumeric } from '../../random.js';
import { toSeconds, type TimedEntry } from './timing.js';

/** What was said and done in a call, in the three forms of the vendor. */
export interface TranscriptForms {
  readonly transcript: string;
  readonly transcript_object: Utterance[];
  readonly transcript_with_tool_calls: CallEntry[];
}

export function toForms(entries: readonly TimedEntry[], callId: string): TranscriptForms {
  // A result has the id of the last call before it.
  let lastCall = 0;
  const all = entries.flatMap((timed, index) => {
    if (timed.entry.role === 'tool_call_invocation') lastCall = index;
    return toWireEntry(timed, toolCallId(callId, lastCall));
  });
  const spoken = all.filter((entry) => 'words' in entry);
  return {
    transcript: toText(spoken),
    transcript_object: spoken,
    transcript_with_tool_calls: all,
  };
}

/** Observed: `call_` and 24 letters and digits. */
const toolCallId = (callId: string, index: number): string =>
  `call_${derivedAlphanumeric(24, callId, 'tool call', index)}`;

function toWireEntry({ entry, words, start }: TimedEntry, toolCallId: string): CallEntry[] {
  switch (entry.role) {
    case 'agent':
    case 'user':
    case 'transfer_target':
      return [{ role: entry.role, content: entry.content, words: [...words] }];
    case 'dtmf':
      return [entry];
    case 'injected':
      return [{ ...entry, time_sec: toSeconds(start) }];
    case 'tool_call_invocation': {
      const { name, arguments: given, id = toolCallId } = entry;
      return [{ role: entry.role, tool_call_id: id, name, arguments: given }];
    }
    case 'tool_call_result': {
      const { content, successful, id = toolCallId } = entry;
      return [{ role: entry.role, tool_call_id: id, content, successful }];
    }
    case 'node_transition':
      return [
        {
          role: entry.role,
          former_node_id: entry.from.id,
          former_node_name: entry.from.name,
          new_node_id: entry.to.id,
          new_node_name: entry.to.name,
          transition_type: 'normal',
        },
      ];
    // Documented (SDK types): calls have no entry for it.
    case 'state_transition':
      return [];
  }
}
