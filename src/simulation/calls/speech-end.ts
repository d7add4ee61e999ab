import type { DisconnectionReason } from '../../domain/calls/call.js';
import type { SpeechEntry } from '../../domain/calls/call-record.js';
import type { Engine } from '../../domain/engines/engine.js';
import type { Draw } from '../../random.js';
import type { Entry } from '../conversation/entry.js';

const isCallOf = (entry: Entry, test: (type: string) => boolean): boolean =>
  entry.role === 'tool_call_invocation' && test(entry.type);

const leaving = ['end_call', 'transfer_call', 'bridge_transfer', 'agent_swap'];

/** The share of a conversation that was held when something broke it off. */
const brokenShare = { least: 0.3, most: 0.8 };

/** What of a conversation is said if the call ends for some reason. */
export interface EndOfSpeech {
  /** How many entries are said. */
  readonly kept: number;
  /** What is said after them. */
  readonly added: readonly SpeechEntry[];
}

interface EndInput {
  readonly reason: DisconnectionReason;
  readonly engine: Engine | undefined;
  readonly draw: Draw;
}

/** How far a conversation goes if the call ends for this reason. */
export function endOfSpeech(entries: readonly Entry[], input: EndInput): EndOfSpeech {
  const { reason } = input;
  const leaves = entries.findIndex((entry) => isCallOf(entry, (type) => leaving.includes(type)));
  const talk = leaves === -1 ? entries.length : leaves;
  const until = (kept: number): EndOfSpeech => ({ kept, added: [] });
  switch (reason) {
    case 'agent_hangup': {
      const hangsUp = entries.findIndex((entry) => isCallOf(entry, (type) => type === 'end_call'));
      return until(hangsUp === -1 ? talk : hangsUp + 1);
    }
    case 'call_transfer':
    case 'transfer_bridged':
    case 'transfer_cancelled':
      // They do not part before the transfer.
      return { kept: Math.min(talk, Math.max(2, talk - 2)), added: transferOf(input) };
    case 'error_no_audio_received':
    case 'error_asr':
      return until(entries.slice(0, talk).findIndex(({ role }) => role === 'agent') + 1);
    case 'user_hangup':
    case 'max_duration_reached':
      return until(talk);
    default: {
      const { least, most } = brokenShare;
      const share = least + (most - least) * input.draw('broken');
      const cut = Math.ceil(talk * share);
      // The one who falls silent is the user.
      return until(
        reason === 'inactivity'
          ? entries.slice(0, cut).findLastIndex(({ role }) => role === 'agent') + 1
          : cut,
      );
    }
  }
}

function transferOf({ reason, engine }: EndInput): SpeechEntry[] {
  const tool = engine?.tools.find(({ type }) => type === 'transfer_call');
  const successful = reason !== 'transfer_cancelled';
  const status = successful ? 'transferred successfully' : 'transfer cancelled';
  return [
    { role: 'user', content: 'Could you put me through to a person?' },
    { role: 'agent', content: 'Of course, I will put you through. One moment, please.' },
    {
      ...{ role: 'tool_call_invocation', name: tool?.name ?? 'transfer_call' },
      ...{ type: 'transfer_call', arguments: '{}' },
    },
    { role: 'tool_call_result', content: JSON.stringify({ status }), successful },
    ...(reason === 'transfer_bridged'
      ? [{ role: 'transfer_target', content: 'Hello, this is the front desk.' } as const]
      : []),
  ];
}
