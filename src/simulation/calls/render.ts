import {
  isAnalysed,
  isOver,
  isTransferOver,
  type WireCall,
  type WireListedCall,
} from '../../domain/calls/call.js';
import type { CallDetails, CallRecord } from '../../domain/calls/call-record.js';
import { withGiven } from '../../domain/calls/given-call.js';
import { derivedHex } from '../../random.js';
import type { GenerateValue } from '../conversation/schema-value.js';
import { analyse, type CallAnalysis } from './analysis.js';
import { figuresOf, type CallFigures } from './cost-and-latency.js';
import { toForms, type TranscriptForms } from './transcript-forms.js';
import type { CallContext } from './call-context.js';
import { chanceOf, saidIn, talkOf, variablesOf } from './said.js';

/** What was ordered of a call, at its creation or at its end. */
const forcedOf = ({ course, details }: CallRecord): NonNullable<CallDetails['forced']> => ({
  ...course?.forced,
  ...details.forced,
});

/** Not a place of the Internet (RFC 6761): what is stored there, nobody can fetch. */
const storage = 'https://recordings.retell-emulator.invalid';

function filesOf(call: CallRecord, { agent, usesKnowledge }: CallContext) {
  const signature = agent.hasSignedUrls ? `?signature=${derivedHex(32, call.id, 'signature')}` : '';
  const url = (name: string): string => `${storage}/${call.id}/${name}${signature}`;
  const isRecorded = forcedOf(call).recording !== false;
  const isScrubbed = isRecorded && agent.scrubsPersonalData;
  return {
    ...(isRecorded && {
      recording_url: url('recording.wav'),
      recording_multi_channel_url: url('recording_multichannel.wav'),
    }),
    ...(isScrubbed && {
      scrubbed_recording_url: url('scrubbed_recording.wav'),
      scrubbed_recording_multi_channel_url: url('scrubbed_recording_multichannel.wav'),
    }),
    public_log_url: url('public.log'),
    ...(usesKnowledge && {
      knowledge_base_retrieved_contents_url: url('kb_retrieved_contents.txt'),
    }),
  };
}

export const figuresOfCall = (call: CallRecord, context: CallContext): CallFigures =>
  figuresOf({
    talk: talkOf(call, call.plan.endsAt ?? 0),
    model: context.model,
    voice: context.agent.voice,
    measured: call.details.llm,
    chance: chanceOf(call).within('figures'),
  });

/** What was found out of a call; the same each time, until it is analysed again. */
export function analysisOf(call: CallRecord, { agent }: CallContext): CallAnalysis {
  const { course, plan, details } = call;
  const { isComplete = false, fields: { call_analysis: given = {} } = {} } = details.given ?? {};
  if (isComplete) return given;
  const generated = analyse({
    agent,
    reason: plan.reason ?? 'error_unknown',
    counterpart: course?.counterpart ?? 'person',
    variables: variablesOf(call),
    forced: forcedOf(call).analysis,
    draw: chanceOf(call).within('analysis', details.reruns ?? 0),
  });
  if (details.given === undefined) return generated;
  return {
    ...generated,
    ...given,
    custom_analysis_data: { ...generated.custom_analysis_data, ...given.custom_analysis_data },
  };
}

/** Fallback where the engine names no number. Numbers with 555-01xx belong to nobody. */
const someNumber = '+14155550100';

/** The number that a call is transferred to. */
export const transferNumberOf = (call: CallRecord, context: CallContext): string =>
  forcedOf(call).transferDestination ?? context.transfer?.number ?? someNumber;

function transferOf(call: CallRecord, context: CallContext) {
  const { plan, state } = call;
  return {
    ...(plan.transferEndsAt !== undefined &&
      isTransferOver(plan, state) && { transfer_end_timestamp: plan.transferEndsAt }),
    // Documented: of this reason alone.
    ...(isOver(state.status) &&
      plan.reason === 'call_transfer' && {
        transfer_destination: transferNumberOf(call, context),
      }),
  };
}

/** Documented: what is not stored can be read for ten minutes after the call. */
const keptFor = 600_000;

/** Whether the setting of the call lets nothing be read of it any more but its basic attributes. */
export const isForgotten = (call: CallRecord, context: CallContext, now: number): boolean =>
  (call.dataStorage ?? context.agent.dataStorage) === 'basic_attributes_only' &&
  isOver(call.state.status) &&
  now >= (call.plan.endsAt ?? now) + keptFor;

/** A call as a list shows it: all but what was said. What is not known yet is left out. */
export function toListedCall(
  call: CallRecord,
  context: CallContext,
  collected: Readonly<Record<string, string>>,
  now: number,
): WireListedCall {
  const { state, details } = call;
  const listed = toGenerated(call, context, collected, now);
  if (details.given === undefined) return listed;
  return withGiven(listed, details.given, {
    isOver: isOver(state.status),
    isForgotten: isForgotten(call, context, now),
  });
}

function toGenerated(
  call: CallRecord,
  context: CallContext,
  collected: Readonly<Record<string, string>>,
  now: number,
): WireListedCall {
  const { plan, state, details } = call;
  const { agent } = context;
  const connectedAt = state.status === 'registered' ? undefined : plan.connectsAt;
  const over = isOver(state.status);
  const forgotten = isForgotten(call, context, now);
  const { metadata, variables } = details;
  return {
    ...{ call_id: call.id, call_status: state.status },
    ...kindOf(call, connectedAt),
    ...{ agent_id: call.agentId, agent_version: call.agentVersion },
    ...(agent.name !== undefined && { agent_name: agent.name }),
    ...(metadata !== undefined && { metadata: { ...metadata } }),
    ...(variables !== undefined && { retell_llm_dynamic_variables: { ...variables } }),
    data_storage_setting: call.dataStorage ?? agent.dataStorage,
    opt_in_signed_url: agent.hasSignedUrls,
    ...(connectedAt !== undefined && { start_timestamp: connectedAt }),
    ...(over && endOf(call, context, collected, forgotten)),
    ...transferOf(call, context),
    ...(isAnalysed(plan, state) && !forgotten && { call_analysis: analysisOf(call, context) }),
  };
}

/** What only phone calls have, or only web calls. */
function kindOf({ id, origin, direction, details, ...call }: CallRecord, connectedAt?: number) {
  if (origin === 'web') return { call_type: 'web_call', access_token: accessTokenOf(id) } as const;
  const { sipHeaders } = details;
  return {
    ...({ call_type: 'phone_call', direction } as const),
    ...{ from_number: call.fromNumber, to_number: call.toNumber },
    ...(connectedAt !== undefined &&
      origin !== 'registered' && {
        telephony_identifier: { twilio_call_sid: `CA${derivedHex(32, id, 'sid')}` },
      }),
    ...(sipHeaders !== undefined && { custom_sip_headers: { ...sipHeaders } }),
  };
}

/** What a browser joins a web call with. It begins with the id, so that `web-client.ts` finds the call. */
export const accessTokenOf = (callId: string): string =>
  `${callId}.${derivedHex(32, callId, 'access token')}`;

/** What the end of a call adds. */
function endOf(
  call: CallRecord,
  context: CallContext,
  collected: Readonly<Record<string, string>>,
  forgotten: boolean,
) {
  const { endsAt = 0, reason = 'error_unknown' } = call.plan;
  const { latency, cost, tokens } = figuresOfCall(call, context);
  const talk = talkOf(call, endsAt);
  const hasSpoken = talk !== undefined && !forgotten;
  return {
    end_timestamp: endsAt,
    ...(talk !== undefined && { duration_ms: talk }),
    disconnection_reason: reason,
    ...(call.state.status !== 'not_connected' &&
      !forgotten && { collected_dynamic_variables: { ...collected } }),
    ...(hasSpoken && filesOf(call, context)),
    ...(latency !== undefined && { latency }),
    call_cost: cost,
    ...(tokens !== undefined && { llm_token_usage: tokens }),
  };
}

/** What a call has only once it is over, because it follows from what was said. */
export interface SpokenPart {
  readonly collected: Readonly<Record<string, string>>;
  readonly transcripts: Partial<TranscriptForms>;
}

const nothingSpoken: SpokenPart = { collected: {}, transcripts: {} };

export function spokenPartOf(
  call: CallRecord,
  context: CallContext,
  generate: GenerateValue,
  now: number,
): SpokenPart {
  if (!isOver(call.state.status)) return nothingSpoken;
  const forgotten = isForgotten(call, context, now);
  if (call.details.given?.isComplete === true) {
    return forgotten
      ? nothingSpoken
      : { collected: {}, transcripts: { ...context.readTranscripts() } };
  }
  const { entries, collected } = saidIn(call, context, generate, now);
  if (talkOf(call, now) === undefined || forgotten) return { collected, transcripts: {} };
  const forms = toForms(entries, call.id);
  return {
    collected,
    transcripts: { ...forms, ...scrubbedOf(context, forms), ...context.readTranscripts() },
  };
}

/** A call as it is read: with what was said, once it is over. */
export function toCall(
  call: CallRecord,
  context: CallContext,
  generate: GenerateValue,
  now: number,
): WireCall {
  const { collected, transcripts } = spokenPartOf(call, context, generate, now);
  return { ...toListedCall(call, context, collected, now), ...transcripts };
}

/** A call that goes on, with what was said by now. */
export function toCallWithTranscript(
  call: CallRecord,
  context: CallContext,
  generate: GenerateValue,
  now: number,
): WireCall {
  if (isOver(call.state.status)) return toCall(call, context, generate, now);
  const { entries } = saidIn(call, context, generate, now);
  return { ...toListedCall(call, context, {}, now), ...toForms(entries, call.id) };
}

/** The client's own words hold no personal data here: they are made up. */
const scrubbedOf = ({ agent }: CallContext, forms: TranscriptForms) =>
  agent.scrubsPersonalData && {
    scrubbed_transcript_with_tool_calls: forms.transcript_with_tool_calls,
  };
