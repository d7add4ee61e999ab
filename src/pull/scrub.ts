import { fictionalNumberAt, fictionalNumbers } from '../domain/calls/phone-number.js';
import { isObject, listOf } from '../domain/json.js';
import { StartupError } from '../errors.js';
import type { Json } from './ask.js';

/** What is kept of a call and of a phone number. Each part of fixtures has the properties named here, and no others. */
export interface Privacy {
  call(call: Json): Json;
  phoneNumber(phoneNumber: Json): Json;
}

/** Properties of a call that say nothing of who talked, nor what about. */
const plainOfCall = [
  'call_id',
  'call_type',
  'call_status',
  'agent_id',
  'agent_version',
  'agent_name',
  'direction',
  'data_storage_setting',
  'opt_in_signed_url',
  'start_timestamp',
  'end_timestamp',
  'transfer_end_timestamp',
  'duration_ms',
  'disconnection_reason',
  'latency',
  'call_cost',
  'llm_token_usage',
] as const;

const numbersOfCall = ['from_number', 'to_number', 'transfer_destination'] as const;

/** Values that the account's own code gave a call. */
const valuesOfCall = [
  'metadata',
  'retell_llm_dynamic_variables',
  'collected_dynamic_variables',
  'custom_attributes',
] as const;

const personalOfCall = [
  ...['agent_tag', 'telephony_identifier', 'custom_sip_headers', 'access_token'],
  ...['recording_url', 'recording_multi_channel_url', 'scrubbed_recording_url'],
  ...['scrubbed_recording_multi_channel_url', 'public_log_url'],
  ...['knowledge_base_retrieved_contents_url', 'call_analysis'],
  ...['transcript', 'transcript_object', 'transcript_with_tool_calls'],
  'scrubbed_transcript_with_tool_calls',
];

const agentsOfNumber = ['inbound', 'outbound', 'inbound_sms', 'outbound_sms'].flatMap((kind) => [
  ...[`${kind}_agents`, `${kind}_agent_id`, `${kind}_agent_version`],
]);

const plainOfNumber = [
  'phone_number_type',
  ...agentsOfNumber,
  ...['inbound_webhook_url', 'inbound_sms_webhook_url'],
  ...['allowed_inbound_country_list', 'allowed_outbound_country_list'],
];

const numbersOfNumber = ['phone_number', 'fallback_number'] as const;

const personalOfNumber = ['area_code', 'nickname', 'sip_outbound_trunk_config'];

/** Keeps all that fixtures can have. */
export const keepPersonalData: Privacy = {
  call: (call) =>
    asOver(pick(call, [...plainOfCall, ...numbersOfCall, ...valuesOfCall, ...personalOfCall])),
  phoneNumber: (number) =>
    pick(number, [...plainOfNumber, ...numbersOfNumber, ...personalOfNumber]),
};

/**
 * Gives phone numbers, texts and numbers others in their place, the same ones for the same; leaves out what
 * was said.
 */
export function scrubPersonalData(choices: AnalysisChoices): Privacy {
  const pseudonyms = createPseudonyms();
  return {
    call(call) {
      const numbers = pick(call, numbersOfCall);
      const values = pick(call, valuesOfCall);
      const analysis = analysisOf(call, choices);
      return asOver({
        ...pick(call, plainOfCall),
        ...mapValues(numbers, pseudonyms.phoneNumber),
        ...mapValues(values, pseudonyms.value),
        ...(analysis !== undefined && { call_analysis: analysis }),
      });
    },
    phoneNumber: (number) => ({
      ...pick(number, plainOfNumber),
      ...mapValues(pick(number, numbersOfNumber), pseudonyms.phoneNumber),
      ...mapValues(pick(number, ['nickname']), pseudonyms.value),
    }),
  };
}

/** Loading must make up nothing for what is not there. */
const asOver = (call: Json): Json => ({ ...call, complete: true });

/** The properties that an object has, and that are not null. */
const pick = (from: Json, names: readonly string[]): Json =>
  Object.fromEntries(
    names.flatMap((name) => {
      const value = Object.hasOwn(from, name) ? from[name] : undefined;
      return value === undefined || value === null ? [] : [[name, value]];
    }),
  );

const mapValues = (values: Json, change: (value: unknown) => unknown): Json =>
  Object.fromEntries(Object.entries(values).map(([name, value]) => [name, change(value)]));

/** The values that agents define for items of the analysis: those of their lists are no free texts. */
export type AnalysisChoices = ReadonlyMap<string, ReadonlySet<unknown>>;

export const analysisChoicesOf = (agents: readonly Json[]): AnalysisChoices =>
  new Map(
    agents.map((agent) => {
      const items = listOf(agent['post_call_analysis_data']);
      const choices = items.flatMap(({ type, name, choices }) =>
        type === 'enum' && Array.isArray(choices)
          ? choices.map((choice) => choiceKey(name, choice))
          : [],
      );
      return [String(agent['agent_id']), new Set(choices)];
    }),
  );

const choiceKey = (name: unknown, choice: unknown): string => JSON.stringify([name, choice]);

/** What the analysis says without a text that somebody wrote. */
function analysisOf(call: Json, choices: AnalysisChoices): Json | undefined {
  const { call_analysis: analysis, agent_id: agentId } = call;
  if (!isObject(analysis)) return undefined;
  const ofAgent = choices.get(String(agentId));
  const custom = isObject(analysis['custom_analysis_data']) ? analysis['custom_analysis_data'] : {};
  return {
    ...pick(analysis, ['in_voicemail', 'user_sentiment', 'call_successful']),
    custom_analysis_data: Object.fromEntries(
      Object.entries(custom).filter(
        ([name, value]) => typeof value === 'boolean' || ofAgent?.has(choiceKey(name, value)),
      ),
    ),
  };
}

/** Names of properties that code gives. Others may be data, such as an address. */
const isName = (text: string): boolean => /^[a-z_][\w.-]{0,63}$/i.test(text);

/** Returns functions that give equal values equal pseudonyms. Their order says how many came before. */
function createPseudonyms() {
  const phoneNumbers = new Map<unknown, string>();
  const texts = new Map<string, string>();
  const numbers = new Map<number, number>();

  const phoneNumber = (number: unknown): string =>
    remember(phoneNumbers, number, (index) => {
      if (index < fictionalNumbers) return fictionalNumberAt(index);
      const problem = `there are more than ${String(fictionalNumbers)} different phone numbers, and no more fictional ones`;
      throw new StartupError('environment', `${problem}; pull fewer, or with --keep-personal-data`);
    });
  const text = (from: string): string =>
    phoneNumbers.get(from) ?? remember(texts, from, (index) => `text_${String(index + 1)}`);
  const value = (from: unknown): unknown => {
    if (typeof from === 'string') return text(from);
    if (typeof from === 'number') return remember(numbers, from, (index) => index + 1);
    if (Array.isArray(from)) return from.map(value);
    if (!isObject(from)) return from;
    return Object.fromEntries(
      Object.entries(from).map(([name, part]) => [isName(name) ? name : text(name), value(part)]),
    );
  };
  return { phoneNumber, value };
}

function remember<From, To>(known: Map<From, To>, from: From, create: (index: number) => To): To {
  const before = known.get(from);
  if (before !== undefined) return before;
  const to = create(known.size);
  known.set(from, to);
  return to;
}
