import type {
  CallDirection,
  CallPlan,
  CallStatus,
  DataStorageSetting,
} from '../domain/calls/call.js';
import type {
  CallCourse,
  CallDetails,
  CallOrigin,
  CallRecord,
  CallResults,
} from '../domain/calls/call-record.js';
import type { EngineType } from '../domain/engines/response-engine.js';
import type { Progression } from '../workspace/settings.js';
import type { Value } from './database/bulk-insert.js';

/** A call with what the store knows of it besides. */
export interface StoredCall {
  /** In the order of creation. */
  readonly key: number;
  readonly workspaceId: number;
  readonly call: CallRecord;
  /** What agent and engine said when it was created; null if the emulator has none. */
  readonly agentContentKey: number | null;
  readonly engineType: EngineType | null;
  readonly engineContentKey: number | null;
  readonly seedKey: number;
  readonly progression: Progression;
  /** How often it was read, if reads move it. */
  readonly reads: number;
  /** When the next moment of its life comes; null if none does by itself. */
  readonly nextAt: number | null;
  readonly results: CallResults;
}

export type NewCall = Omit<StoredCall, 'key'>;

/** The place of a call in lists. */
export interface CallPosition {
  readonly sortedAt: number;
  readonly key: number;
}

/** When a call was connected, or else created: what lists are sorted by. */
export const positionOf = ({ key, call }: StoredCall): CallPosition => ({
  key,
  sortedAt: startOf(call) ?? call.plan.createdAt,
});

const startOf = ({ plan, state }: CallRecord): number | undefined =>
  state.status === 'registered' ? undefined : plan.connectsAt;

export interface CallRow {
  key: number;
  workspaceId: number;
  id: string;
  ordinal: number;
  origin: CallOrigin;
  direction: CallDirection;
  fromNumber: string;
  toNumber: string;
  agentId: string;
  agentVersion: number;
  agentContentKey: number | null;
  engineType: EngineType | null;
  engineContentKey: number | null;
  seedKey: number;
  seed: string;
  progression: Progression['kind'];
  polls: number;
  reads: number;
  status: CallStatus;
  passed: number;
  nextAt: number | null;
  sortedAt: number;
  startedAt: number | null;
  endedAt: number | null;
  reason: string | null;
  course: string | null;
  plan: string;
  dataStorage: string | null;
  details: string;
  combinedCost: number | null;
  latency: number | null;
  sentiment: string | null;
  successful: 0 | 1 | null;
  inVoicemail: 0 | 1 | null;
}

export const callColumns = `call_key AS key, workspace_id AS workspaceId, call_id AS id, ordinal, origin, direction,
  from_number AS fromNumber, to_number AS toNumber, agent_id AS agentId,
  agent_version AS agentVersion, agent_content_key AS agentContentKey, engine_type AS engineType,
  engine_content_key AS engineContentKey, seed_key AS seedKey,
  (SELECT seed FROM seeds WHERE seeds.seed_key = calls.seed_key) AS seed, progression, polls, reads,
  status, passed, next_at AS nextAt, sorted_at AS sortedAt, started_at AS startedAt,
  ended_at AS endedAt, reason, course, plan, data_storage AS dataStorage, details,
  combined_cost AS combinedCost, latency, sentiment, successful, in_voicemail AS inVoicemail`;

/** The columns that never change, and below in the same order what a call has in them. */
export const fixedColumns = [
  ...['workspace_id', 'call_id', 'ordinal', 'origin', 'direction', 'from_number', 'to_number'],
  ...['agent_id', 'agent_version', 'agent_content_key', 'engine_type', 'engine_content_key'],
  ...['seed_key', 'progression', 'polls', 'course', 'waits'],
];

// hot path: values by position, because the driver looks up each name.
export function fixedValues({ call, progression, ...stored }: NewCall): Value[] {
  const { workspaceId, agentContentKey, engineType, engineContentKey, seedKey } = stored;
  return [
    workspaceId,
    call.id,
    call.ordinal,
    // A web call waits as a registered one does. Its details tell it apart.
    call.origin === 'web' ? 'registered' : call.origin,
    call.direction,
    call.fromNumber,
    call.toNumber,
    call.agentId,
    call.agentVersion,
    agentContentKey,
    engineType,
    engineContentKey,
    seedKey,
    progression.kind,
    progression.kind === 'polls' ? progression.polls : 0,
    courseText({ call }),
    waitsOf(call),
  ];
}

/** 1 for a call that waits for room. */
export const waitsOf = ({ details }: CallRecord): 0 | 1 => (details.waiting === undefined ? 0 : 1);

export const courseText = ({ call: { course } }: Pick<StoredCall, 'call'>): string | null =>
  course === undefined ? null : JSON.stringify(course);

const toFlag = (value: boolean | null): 0 | 1 | null => (value === null ? null : value ? 1 : 0);
const fromFlag = (flag: 0 | 1 | null): boolean | null => (flag === null ? null : flag === 1);

/** The columns that may change, and below in the same order what a call has in them. */
export const changingColumns = [
  ...['status', 'passed', 'next_at', 'sorted_at', 'started_at', 'ended_at', 'reason', 'plan'],
  ...['data_storage', 'details', 'reads', 'combined_cost', 'latency', 'sentiment', 'successful'],
  'in_voicemail',
];

export function changingValues({ call, nextAt, reads, results }: NewCall): Value[] {
  const { state, plan } = call;
  const isOver = state.status !== 'registered' && state.status !== 'ongoing';
  const startedAt = startOf(call) ?? null;
  return [
    state.status,
    state.passed,
    nextAt,
    startedAt ?? plan.createdAt,
    startedAt,
    isOver ? (plan.endsAt ?? null) : null,
    isOver ? (plan.reason ?? null) : null,
    JSON.stringify(plan),
    call.dataStorage ?? null,
    JSON.stringify(call.details),
    reads,
    results.combinedCost,
    results.latency,
    results.sentiment,
    toFlag(results.successful),
    toFlag(results.inVoicemail),
  ];
}

export function fromCallRow(row: CallRow): StoredCall {
  const { key, workspaceId, progression, polls, reads, nextAt } = row;
  const { agentContentKey, engineType, engineContentKey, seedKey } = row;
  const details = JSON.parse(row.details) as CallDetails;
  return {
    ...{ key, workspaceId, agentContentKey, engineType, engineContentKey, seedKey, reads, nextAt },
    progression: progression === 'polls' ? { kind: 'polls', polls } : { kind: progression },
    results: {
      combinedCost: row.combinedCost,
      latency: row.latency,
      sentiment: row.sentiment,
      successful: fromFlag(row.successful),
      inVoicemail: fromFlag(row.inVoicemail),
    },
    call: {
      id: row.id,
      origin: details.isWeb === true ? 'web' : row.origin,
      direction: row.direction,
      fromNumber: row.fromNumber,
      toNumber: row.toNumber,
      agentId: row.agentId,
      agentVersion: row.agentVersion,
      seed: row.seed,
      ordinal: row.ordinal,
      course: row.course === null ? undefined : (JSON.parse(row.course) as CallCourse),
      plan: JSON.parse(row.plan) as CallPlan,
      state: { status: row.status, passed: row.passed },
      dataStorage: (row.dataStorage ?? undefined) as DataStorageSetting | undefined,
      details,
    },
  };
}
