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
import { readEach, required, type Db } from './database/database.js';

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

/** Calls of a workspace, or of one agent, in the order of their start. */
export interface CallPage {
  readonly workspaceId: number;
  /** Those of every agent if undefined. */
  readonly agentId: string | undefined;
  /** The least and the greatest time of a start, or of a creation where there was none. */
  readonly from: number;
  readonly to: number;
  /** The last one before; undefined for the first page. */
  readonly after: CallPosition | undefined;
  readonly order: 'ascending' | 'descending';
}

/** The place of a call in lists. */
export interface CallPosition {
  readonly sortedAt: number;
  readonly key: number;
}

export interface CallReader {
  find(workspaceId: number, id: string): StoredCall | undefined;
  /** Calls with a moment that comes by `until`, the first first. */
  listDue(workspaceId: number, until: number, limit: number): StoredCall[];
  /** When the next moment of any call comes; undefined if none does by itself. */
  nextDue(workspaceId: number): number | undefined;
  /** Calls that are dialled or talked. */
  countUnderWay(workspaceId: number): number;
  count(workspaceId: number): number;
  listPage(page: CallPage): Iterable<StoredCall>;
}

export interface CallWriter extends CallReader {
  /** Returns its key. */
  insert(call: NewCall): number;
  /** Writes what may change of a call. */
  change(call: StoredCall): void;
  /** False if there is no such call. */
  delete(workspaceId: number, id: string): boolean;
}

/** When a call was connected, or else created: what lists are sorted by. */
export const positionOf = ({ key, call }: StoredCall): CallPosition => ({
  key,
  sortedAt: startOf(call) ?? call.plan.createdAt,
});

const startOf = ({ plan, state }: CallRecord): number | undefined =>
  state.status === 'registered' ? undefined : plan.connectsAt;

interface Changing {
  key: number;
  status: CallStatus;
  passed: number;
  nextAt: number | null;
  sortedAt: number;
  startedAt: number | null;
  endedAt: number | null;
  reason: string | null;
  plan: string;
  dataStorage: string | null;
  details: string;
  reads: number;
  combinedCost: number | null;
  latency: number | null;
  sentiment: string | null;
  successful: 0 | 1 | null;
  inVoicemail: 0 | 1 | null;
}

interface Fixed {
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
  progression: Progression['kind'];
  polls: number;
  course: string | null;
}

type Row = Changing & Fixed & { seed: string };

const columns = `call_key AS key, workspace_id AS workspaceId, call_id AS id, ordinal, origin, direction,
  from_number AS fromNumber, to_number AS toNumber, agent_id AS agentId,
  agent_version AS agentVersion, agent_content_key AS agentContentKey, engine_type AS engineType,
  engine_content_key AS engineContentKey, seed_key AS seedKey,
  (SELECT seed FROM seeds WHERE seeds.seed_key = calls.seed_key) AS seed, progression, polls, reads,
  status, passed, next_at AS nextAt, sorted_at AS sortedAt, started_at AS startedAt,
  ended_at AS endedAt, reason, course, plan, data_storage AS dataStorage, details,
  combined_cost AS combinedCost, latency, sentiment, successful, in_voicemail AS inVoicemail`;

export function callStore(db: Db): CallWriter {
  const insert = db.prepare<Fixed & Omit<Changing, 'key'>>(
    `INSERT INTO calls (workspace_id, call_id, ordinal, origin, direction, from_number, to_number,
       agent_id, agent_version, agent_content_key, engine_type, engine_content_key, seed_key,
       progression, polls, reads, status, passed, next_at, sorted_at, started_at, ended_at, reason,
       course, plan, data_storage, details, combined_cost, latency, sentiment, successful,
       in_voicemail)
     VALUES (:workspaceId, :id, :ordinal, :origin, :direction, :fromNumber, :toNumber,
       :agentId, :agentVersion, :agentContentKey, :engineType, :engineContentKey, :seedKey,
       :progression, :polls, :reads, :status, :passed, :nextAt, :sortedAt, :startedAt, :endedAt,
       :reason, :course, :plan, :dataStorage, :details, :combinedCost, :latency, :sentiment,
       :successful, :inVoicemail)`,
  );
  const change = db.prepare<Changing>(
    `UPDATE calls
     SET status = :status, passed = :passed, next_at = :nextAt, sorted_at = :sortedAt,
         started_at = :startedAt, ended_at = :endedAt, reason = :reason, plan = :plan,
         data_storage = :dataStorage, details = :details, reads = :reads,
         combined_cost = :combinedCost, latency = :latency, sentiment = :sentiment,
         successful = :successful, in_voicemail = :inVoicemail
     WHERE call_key = :key`,
  );
  const find = db.prepare<{ workspaceId: number; id: string }, Row>(
    `SELECT ${columns} FROM calls WHERE workspace_id = :workspaceId AND call_id = :id`,
  );
  const remove = db.prepare<{ workspaceId: number; id: string }>(
    'DELETE FROM calls WHERE workspace_id = :workspaceId AND call_id = :id',
  );
  const listDue = db.prepare<{ workspaceId: number; until: number; limit: number }, Row>(
    `SELECT ${columns} FROM calls
     WHERE workspace_id = :workspaceId AND next_at <= :until
     ORDER BY next_at, call_key LIMIT :limit`,
  );
  const nextDue = db
    .prepare<{ workspaceId: number }, number | null>(
      `SELECT MIN(next_at) FROM calls WHERE workspace_id = :workspaceId AND next_at IS NOT NULL`,
    )
    .pluck();
  const countUnderWay = db
    .prepare<{ workspaceId: number }, number>(
      `SELECT COUNT(*) FROM calls
       WHERE workspace_id = :workspaceId AND status IN ('registered', 'ongoing')
         AND (status = 'ongoing' OR origin <> 'registered')`,
    )
    .pluck();
  const count = db
    .prepare<{ workspaceId: number }, number>(
      'SELECT COUNT(*) FROM calls WHERE workspace_id = :workspaceId',
    )
    .pluck();
  const lists = pageStatements(db);
  return {
    insert: (call) => Number(insert.run({ ...toFixed(call), ...toChanging(call) }).lastInsertRowid),
    find(workspaceId, id) {
      const row = find.get({ workspaceId, id });
      return row && fromRow(row);
    },
    change: (call) => change.run({ ...toChanging(call), key: call.key }),
    delete: (workspaceId, id) => remove.run({ workspaceId, id }).changes > 0,
    listDue: (workspaceId, until, limit) =>
      listDue.all({ workspaceId, until, limit }).map((row) => fromRow(row)),
    nextDue: (workspaceId) => nextDue.get({ workspaceId }) ?? undefined,
    countUnderWay: (workspaceId) => required(countUnderWay.get({ workspaceId })),
    count: (workspaceId) => required(count.get({ workspaceId })),
    listPage({ workspaceId, agentId = null, from, to, after, order }) {
      const { first, ofAgent, ofAll } = lists[order];
      const start = after ?? first;
      // Bounds that are tight: SQLite goes by these, and compares the keys of what is within them.
      const bounds = {
        ...{ workspaceId, agentId, ...start },
        from: order === 'ascending' ? Math.max(from, start.sortedAt) : from,
        to: order === 'descending' ? Math.min(to, start.sortedAt) : to,
      };
      const statement = agentId === null ? ofAll : ofAgent;
      return readEach(() => statement.iterate(bounds), fromRow);
    },
  };
}

interface Bounds {
  workspaceId: number;
  agentId: string | null;
  from: number;
  to: number;
  sortedAt: number;
  key: number;
}

function pageStatements(db: Db) {
  const prepare = (isOfAgent: string, comparison: '<' | '>', direction: 'ASC' | 'DESC') =>
    db.prepare<Bounds, Row>(
      `SELECT ${columns} FROM calls
       WHERE workspace_id = :workspaceId ${isOfAgent}
         AND sorted_at BETWEEN :from AND :to
         AND (sorted_at, call_key) ${comparison} (:sortedAt, :key)
       ORDER BY sorted_at ${direction}, call_key ${direction}`,
    );
  const ofOrder = (comparison: '<' | '>', direction: 'ASC' | 'DESC', first: CallPosition) => ({
    first,
    ofAgent: prepare('AND agent_id = :agentId', comparison, direction),
    ofAll: prepare('', comparison, direction),
  });
  const most = Number.MAX_SAFE_INTEGER;
  return {
    ascending: ofOrder('>', 'ASC', { sortedAt: -most, key: 0 }),
    descending: ofOrder('<', 'DESC', { sortedAt: most, key: most }),
  };
}

const toFixed = ({ call, progression, ...stored }: NewCall): Fixed => ({
  workspaceId: stored.workspaceId,
  id: call.id,
  ordinal: call.ordinal,
  // A web call waits as a registered one does. Its details tell it apart.
  origin: call.origin === 'web' ? 'registered' : call.origin,
  direction: call.direction,
  fromNumber: call.fromNumber,
  toNumber: call.toNumber,
  agentId: call.agentId,
  agentVersion: call.agentVersion,
  agentContentKey: stored.agentContentKey,
  engineType: stored.engineType,
  engineContentKey: stored.engineContentKey,
  seedKey: stored.seedKey,
  progression: progression.kind,
  polls: progression.kind === 'polls' ? progression.polls : 0,
  course: call.course === undefined ? null : JSON.stringify(call.course),
});

const toFlag = (value: boolean | null): 0 | 1 | null => (value === null ? null : value ? 1 : 0);
const fromFlag = (flag: 0 | 1 | null): boolean | null => (flag === null ? null : flag === 1);

function toChanging({ call, nextAt, reads, results }: NewCall): Omit<Changing, 'key'> {
  const { state, plan } = call;
  const isOver = state.status !== 'registered' && state.status !== 'ongoing';
  const startedAt = startOf(call) ?? null;
  return {
    status: state.status,
    passed: state.passed,
    nextAt,
    sortedAt: startedAt ?? plan.createdAt,
    startedAt,
    endedAt: isOver ? (plan.endsAt ?? null) : null,
    reason: isOver ? (plan.reason ?? null) : null,
    plan: JSON.stringify(plan),
    dataStorage: call.dataStorage ?? null,
    details: JSON.stringify(call.details),
    reads,
    combinedCost: results.combinedCost,
    latency: results.latency,
    sentiment: results.sentiment,
    successful: toFlag(results.successful),
    inVoicemail: toFlag(results.inVoicemail),
  };
}

function fromRow(row: Row): StoredCall {
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
