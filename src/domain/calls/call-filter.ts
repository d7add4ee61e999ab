import type { components } from '../../contract/retell.gen.js';
import {
  isOneOf,
  passesFlag,
  passesKeyed,
  passesNumber,
  passesText,
  type Values,
} from '../filters.js';

type Schemas = components['schemas'];

export type CallFilter = Schemas['CallFilter'];
export type LegacyCallFilter = Schemas['LegacyCallFilter'];

/** What a list can tell a call by. What is not known yet is undefined. */
export interface CallFacets {
  readonly agentId: string;
  readonly agentVersion: number;
  readonly callId: string;
  /** Undefined for a call that no batch dialled. */
  readonly batchCallId: string | undefined;
  readonly status: string;
  readonly type: string;
  /** A web call has none, and no numbers. */
  readonly direction: string | undefined;
  readonly fromNumber: string | undefined;
  readonly toNumber: string | undefined;
  readonly reason: string | undefined;
  readonly startedAt: number | undefined;
  readonly endedAt: number | undefined;
  readonly duration: number | undefined;
  readonly cost: number | undefined;
  readonly latency: number | undefined;
  readonly sentiment: string | undefined;
  readonly successful: boolean | undefined;
  readonly inVoicemail: boolean | undefined;
  readonly dataStorage: () => string;
  readonly metadata: Values;
  readonly variables: Values;
  readonly attributes: Values;
  readonly analysis: () => Values;
  readonly toolCalls: () => readonly ToolCallFacets[];
}

export interface ToolCallFacets {
  readonly name: string;
  readonly type: string;
  /** Undefined if there is no result. */
  readonly successful: boolean | undefined;
  readonly latency: number;
}

/** Whether a call passes all filters that are given. */
export function passesFilter(call: CallFacets, filter: CallFilter): boolean {
  const agents = filter.agent ?? [];
  return (
    (agents.length === 0 || agents.some((agent) => isOfAgent(call, agent))) &&
    // There are no tags here: no call has one.
    passesText(undefined, filter.agent_tag) &&
    passesText(call.batchCallId, filter.batch_call_id) &&
    passesText(call.callId, filter.call_id) &&
    isOneOf(call.status, filter.call_status) &&
    isOneOf(call.type, filter.call_type) &&
    isOneOf(call.direction, filter.direction) &&
    isOneOf(call.reason, filter.disconnection_reason) &&
    isOneOf(call.sentiment, filter.user_sentiment) &&
    passesText(call.fromNumber, filter.from_number) &&
    passesText(call.toNumber, filter.to_number) &&
    passesNumber(call.startedAt, filter.start_timestamp) &&
    passesNumber(call.endedAt, filter.end_timestamp) &&
    passesNumber(call.duration, filter.duration_ms) &&
    passesNumber(call.cost, filter.combined_cost) &&
    passesNumber(call.latency, filter.e2e_latency_p50) &&
    passesFlag(call.successful, filter.call_successful) &&
    passesFlag(call.inVoicemail, filter.in_voicemail) &&
    passesKeyed(call.metadata, filter.metadata) &&
    passesKeyed(call.variables, filter.dynamic_variables) &&
    passesKeyed(call.attributes, filter.custom_attributes) &&
    (filter.data_storage_setting === undefined ||
      isOneOf(call.dataStorage(), filter.data_storage_setting)) &&
    (filter.custom_analysis_data === undefined ||
      passesKeyed(call.analysis(), filter.custom_analysis_data)) &&
    passesTools(call, filter.tool_calls ?? [])
  );
}

const isOfAgent = (
  { agentId, agentVersion }: CallFacets,
  { agent_id: id, version = [] }: { agent_id: string; version?: number[] },
): boolean => agentId === id && (version.length === 0 || version.includes(agentVersion));

const passesTools = (call: CallFacets, filters: NonNullable<CallFilter['tool_calls']>): boolean =>
  filters.every(({ name, type, success, latency_ms: latency }) =>
    call
      .toolCalls()
      .some(
        (made) =>
          (name === undefined || made.name === name) &&
          (type === undefined || made.type === type) &&
          passesFlag(made.successful, success) &&
          passesNumber(made.latency, latency),
      ),
  );

/** The same filter in the words of the newer list. */
export function toCallFilter(filter: LegacyCallFilter): CallFilter {
  const { agent_id: agents, version = [] } = filter;
  const oneOf = <Value extends string>(value: Value[] | undefined) =>
    value !== undefined && value.length > 0
      ? ({ type: 'enum', op: 'in', value } as const)
      : undefined;
  const flag = (values: boolean[] | undefined) =>
    values?.length === 1
      ? ({ type: 'boolean', op: 'eq', value: values[0] === true } as const)
      : undefined;
  const within = (threshold: Schemas['Threshold'] | undefined) =>
    threshold &&
    ({
      type: 'range',
      op: 'bt',
      value: [threshold.lower_threshold ?? -Infinity, threshold.upper_threshold ?? Infinity],
    } as const);
  const all = {
    agent: agents?.map((agent_id) => ({ agent_id, version })),
    call_type: oneOf(filter.call_type),
    direction: oneOf(filter.direction),
    disconnection_reason: oneOf(filter.disconnection_reason),
    user_sentiment: oneOf(filter.user_sentiment),
    call_successful: flag(filter.call_successful),
    in_voicemail: flag(filter.in_voicemail),
    start_timestamp: within(filter.start_timestamp),
    duration_ms: within(filter.duration_ms),
    e2e_latency_p50: within(filter.e2e_latency_p50),
  };
  return Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined));
}

/** What the older filter says that the newer one cannot. */
export const passesLegacyRest = (call: CallFacets, filter: LegacyCallFilter): boolean =>
  isIn(call.status, filter.call_status) &&
  isIn(call.fromNumber, filter.from_number) &&
  isIn(call.toNumber, filter.to_number) &&
  isIn(call.agentVersion, filter.version) &&
  isIn(call.batchCallId, filter.batch_call_id);

const isIn = <Value>(value: Value, values: readonly Value[] | undefined): boolean =>
  values === undefined || values.length === 0 || values.includes(value);
