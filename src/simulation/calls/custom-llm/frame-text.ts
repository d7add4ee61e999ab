import type { LiveEntry } from '../../../domain/calls/call-record.js';
import type { OutgoingFrame } from '../../../domain/custom-llm/session.js';
import { toForms } from '../transcript-forms.js';
import { saidUntil, timeEntry } from '../timing.js';

interface Content {
  readonly callId: string;
  readonly connectedAt: number;
  readonly entries: readonly LiveEntry[];
  readonly at: number;
  readonly withToolCalls: boolean;
  /** The call as `call_details` shows it. */
  readonly call: () => object;
}

/** A frame as it is sent. Documented: transcripts show the whole conversation. */
export function frameText(frame: OutgoingFrame, content: Content): string {
  const { interaction_type } = frame;
  if (interaction_type === 'ping_pong') return JSON.stringify(frame);
  if (interaction_type === 'call_details')
    return JSON.stringify({ ...frame, call: content.call() });
  const { callId, connectedAt, entries, at } = content;
  const timed = entries
    .filter((entry) => entry.at <= at)
    // One that was cut was entered again.
    .sort((a, b) => a.at - b.at)
    .map((entry) => timeEntry(entry.entry, entry.at - connectedAt));
  const forms = toForms(saidUntil(timed, at - connectedAt), callId);
  return JSON.stringify({
    ...frame,
    transcript: forms.transcript_object,
    // Documented: if the config asks for it.
    ...(content.withToolCalls && { transcript_with_tool_calls: forms.transcript_with_tool_calls }),
  });
}
