import type { CallAgent } from '../../domain/calls/call-agent.js';
import type { CallRecord } from '../../domain/calls/call-record.js';
import type { Engine } from '../../domain/engines/engine.js';
import { sizedCache } from '../../bounded-cache.js';
import type { GenerateValue } from '../conversation/schema-value.js';
import type { CallContext } from './call-context.js';
import { isForgotten, spokenPartOf, type SpokenPart } from './render.js';

/** What was said in a call, with the transcripts as the JSON of one object. */
export interface KnownConversation extends Pick<SpokenPart, 'collected'> {
  readonly transcripts: string;
}

type Remembered = KnownConversation & { readonly agent: CallAgent; readonly engine?: Engine };

/** What the transcripts that are kept in memory have together. */
const maxCharacters = 16_000_000;

/**
 * Remembers what was said in the calls that ended last, because a call is told of at its end and again at its
 * analysis, and its conversation costs more than all else of a webhook. Nothing makes an entry stale: it is
 * used only for a call that is the same in all that its conversation follows from.
 */
export function createKnownConversations(): (
  call: CallRecord,
  context: CallContext,
  generate: GenerateValue,
  now: number,
) => KnownConversation {
  const known = sizedCache<string, Remembered>(maxCharacters);
  return (call, context, generate, now) => {
    const { id, seed, course, details, plan, state } = call;
    const { agent, engine } = context;
    const { connectsAt, endsAt } = plan;
    const forgotten = isForgotten(call, context, now);
    const key = JSON.stringify([
      seed,
      id,
      course,
      details,
      connectsAt,
      endsAt,
      state.status,
      forgotten,
    ]);
    const before = known.get(key);
    // Contents that fixtures gave are read from the store, and are not a part of the key.
    const isKnown =
      before?.agent === agent && before.engine === engine && details.given === undefined;
    if (isKnown) return before;
    const { collected, transcripts } = spokenPartOf(call, context, generate, now);
    const spoken = { collected, transcripts: JSON.stringify(transcripts), agent };
    const size = spoken.transcripts.length + key.length;
    known.set(key, engine === undefined ? spoken : { ...spoken, engine }, { size });
    return spoken;
  };
}
