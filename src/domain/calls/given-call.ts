import type { components } from '../../contract/control.gen.js';
import {
  isOver,
  type CallEntry,
  type CallStatus,
  type Utterance,
  type WireCall,
  type WireListedCall,
} from './call.js';

type FixtureCall = components['schemas']['FixtureCall'];

/** What fixtures say of a call, in the place of what would be generated. */
export interface GivenCall {
  /** True if nothing is generated for what they do not say. */
  readonly isComplete: boolean;
  readonly fields: GivenFields;
}

/** The fields by when clients see them. */
const fieldsBy = {
  anyTime: ['agent_name', 'agent_tag', 'telephony_identifier', 'opt_in_signed_url', 'access_token'],
  end: ['duration_ms', 'transfer_destination', 'latency', 'call_cost', 'llm_token_usage'],
  /** Documented: can be read for ten minutes, if only basic attributes are stored. */
  endForNow: [
    'collected_dynamic_variables',
    'recording_url',
    'recording_multi_channel_url',
    'scrubbed_recording_url',
    'scrubbed_recording_multi_channel_url',
    'public_log_url',
    'knowledge_base_retrieved_contents_url',
  ],
  analysis: ['call_analysis'],
} as const satisfies Record<string, readonly (keyof FixtureCall)[]>;

type FieldName = (typeof fieldsBy)[keyof typeof fieldsBy][number];
export type GivenFields = Pick<FixtureCall, FieldName>;

/** What is known of a call whether or not its fields are complete. */
const basics = [
  'call_id',
  'call_type',
  // A web call always has one.
  'access_token',
  'call_status',
  'agent_id',
  'agent_version',
  'direction',
  'from_number',
  'to_number',
  'metadata',
  'retell_llm_dynamic_variables',
  'custom_sip_headers',
  'data_storage_setting',
  'start_timestamp',
  'end_timestamp',
  'disconnection_reason',
  'transfer_end_timestamp',
  // With what is given of it.
  'call_analysis',
] as const satisfies readonly (keyof FixtureCall)[];

/** How far the call is. */
interface Stage {
  readonly isOver: boolean;
  /** True if nothing can be read of it any more but its basic attributes. */
  readonly isForgotten: boolean;
}

/** The call with what is given of it. */
export function withGiven(
  call: WireListedCall,
  { isComplete, fields }: GivenCall,
  { isOver, isForgotten }: Stage,
): WireListedCall {
  const names: readonly FieldName[] = [
    ...fieldsBy.anyTime,
    ...(isOver ? fieldsBy.end : []),
    ...(isOver && !isForgotten ? fieldsBy.endForNow : []),
  ];
  const generated = isComplete ? pick(call as Partial<Record<string, unknown>>, basics) : call;
  return { ...generated, ...pick(fields, names) } as WireListedCall;
}

/** The fields of an object that it has. */
const pick = <Name extends string>(
  from: Readonly<Partial<Record<Name, unknown>>>,
  names: readonly Name[],
): Record<string, unknown> =>
  Object.fromEntries(names.flatMap((name) => (name in from ? [[name, from[name]]] : [])));

/** The fields that fixtures give. */
export const givenFieldsOf = (
  fixture: Readonly<Partial<Record<FieldName, unknown>>>,
): GivenFields => pick(fixture, Object.values(fieldsBy).flat());

/** Whether nothing is generated for a call, because it has ended and fixtures say what it cost. */
export const isCompleteCall = (fixture: {
  readonly complete?: boolean;
  readonly call_status?: CallStatus;
  readonly call_cost?: object;
}): boolean =>
  fixture.complete ??
  (fixture.call_cost !== undefined && isOver(fixture.call_status ?? 'registered'));

/** The transcripts that fixtures give. */
export type GivenTranscripts = Partial<
  Pick<
    WireCall,
    | 'transcript'
    | 'transcript_object'
    | 'transcript_with_tool_calls'
    | 'scrubbed_transcript_with_tool_calls'
  >
>;

const transcriptNames = [
  'transcript',
  'transcript_object',
  'transcript_with_tool_calls',
  'scrubbed_transcript_with_tool_calls',
] as const satisfies readonly (keyof GivenTranscripts)[];

export const givenTranscriptsOf = (fixture: GivenTranscripts): GivenTranscripts =>
  pick(fixture, transcriptNames);

/** The same with the forms that are not given, which follow from the others. */
export function completeTranscripts(given: GivenTranscripts): GivenTranscripts {
  const { transcript_with_tool_calls: entries, transcript_object: utterances } = given;
  const spoken = utterances ?? entries?.filter(isUtterance);
  if (spoken === undefined) return given;
  return {
    transcript: toText(spoken),
    transcript_object: spoken,
    transcript_with_tool_calls: spoken,
    ...given,
  };
}

const isUtterance = (entry: CallEntry): entry is Utterance => 'words' in entry;

const speakers = {
  agent: 'Agent',
  user: 'User',
  transfer_target: 'Transfer Target',
} as const;

type Speaker = keyof typeof speakers;

/** What was said as text, a line for each utterance. */
export const toText = (utterances: readonly Pick<Utterance, 'role' | 'content'>[]): string =>
  utterances.map(({ role, content }) => `${speakers[role]}: ${content}`).join('\n');

/** Reads such a text. A line without a speaker belongs to the utterance before, or else to the agent. */
export function parseTranscript(text: string): { role: Speaker; content: string }[] {
  const utterances: { role: Speaker; content: string }[] = [];
  for (const line of text.split('\n')) {
    const role = (Object.keys(speakers) as Speaker[]).find((speaker) =>
      line.startsWith(`${speakers[speaker]}:`),
    );
    const last = utterances.at(-1);
    if (role !== undefined) {
      utterances.push({ role, content: line.slice(speakers[role].length + 1).trim() });
    } else if (last !== undefined) {
      last.content = `${last.content}\n${line}`.trim();
    } else if (line.trim() !== '') {
      utterances.push({ role: 'agent', content: line.trim() });
    }
  }
  return utterances.filter(({ content }) => content !== '');
}
