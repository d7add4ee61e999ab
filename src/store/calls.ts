import type { GivenTranscripts } from '../domain/calls/given-call.js';
import {
  callColumns as columns,
  changingColumns,
  changingValues,
  courseText,
  fixedColumns,
  fixedValues,
  fromCallRow as fromRow,
  waitsOf,
  type CallPosition,
  type CallRow as Row,
  type NewCall,
  type StoredCall,
} from './call-rows.js';
import { cached } from '../bounded-cache.js';
import type { Caches } from './caches.js';
import type { Value } from './database/bulk-insert.js';
import { readEach, required, type Db } from './database/database.js';

export { positionOf, type CallPosition, type NewCall, type StoredCall } from './call-rows.js';

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

export interface CallReader {
  find(workspaceId: number, id: string): StoredCall | undefined;
  /** Calls with a moment that comes by `until`, the first first. */
  listDue(workspaceId: number, until: number, limit: number): StoredCall[];
  /** When the next moment of any call comes; undefined if none does by itself. */
  nextDue(workspaceId: number): number | undefined;
  /** Calls of all workspaces that go on, and that the clients' own servers hold. */
  listHeldByServers(): StoredCall[];
  /** Calls that go on, and wait for the result of a custom function. */
  listAwaiting(workspaceId: number): StoredCall[];
  /** The workspaces that have such calls. */
  listWorkspacesAwaiting(): number[];
  /** Calls that are dialled or talked. Those that wait for room are not. */
  countUnderWay(workspaceId: number): number;
  /** Those of them that batches dialled. */
  countOfBatches(workspaceId: number): number;
  /** The first call that waits for room; undefined if none does. */
  findWaiting(workspaceId: number): StoredCall | undefined;
  count(workspaceId: number): number;
  has(workspaceId: number, id: string): boolean;
  listPage(page: CallPage): Iterable<StoredCall>;
  /** All calls in the order of creation, from the one with this key on. */
  listAll(workspaceId: number, fromKey: number): Iterable<StoredCall>;
  /** The transcripts that fixtures gave. */
  getTranscripts(key: number): GivenTranscripts | undefined;
}

export interface CallWriter extends CallReader {
  /** Returns its key. */
  insert(call: NewCall, transcripts?: GivenTranscripts): number;
  /** Writes what may change of a call. */
  change(call: StoredCall): void;
  /** Writes also how it goes, and whether it waits for room. */
  changeCourse(call: StoredCall): void;
  /** False if there is no such call. */
  delete(workspaceId: number, id: string): boolean;
}

/** True for a call that is dialled or talked, as `countUnderWay` counts it. */
const isUnderWay = ({ call: { state, origin, details } }: NewCall): boolean =>
  state.status === 'ongoing' ||
  (state.status === 'registered' &&
    details.waiting === undefined &&
    (origin === 'dialled' || origin === 'inbound'));

export function callStore(db: Db, caches: Caches): CallWriter {
  const newColumns = [...fixedColumns, ...changingColumns, 'given_transcripts'];
  const insert = db.prepare<Value[]>(
    `INSERT INTO calls (${newColumns.join(', ')})
     VALUES (${newColumns.map(() => '?').join(', ')})`,
  );
  const change = db.prepare<Value[]>(
    `UPDATE calls SET ${changingColumns.map((column) => `${column} = ?`).join(', ')}
     WHERE call_key = ?`,
  );
  const waiting = waitingCalls(db);
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
         AND waits = 0 AND (status = 'ongoing' OR origin <> 'registered')`,
    )
    .pluck();
  const count = db
    .prepare<{ workspaceId: number }, number>(
      'SELECT COUNT(*) FROM calls WHERE workspace_id = :workspaceId',
    )
    .pluck();
  const lists = pageStatements(db);
  // hot path: each new call asks for it, where there may be many. A new call changes the entry, and all
  // that may end a call deletes it.
  const underWay = caches.create<number, number>();
  return {
    insert: (call, given) => {
      const transcripts = given === undefined ? null : JSON.stringify(given);
      const before = underWay.get(call.workspaceId);
      if (before !== undefined) underWay.set(call.workspaceId, before + Number(isUnderWay(call)));
      const { lastInsertRowid } = insert.run(
        ...fixedValues(call),
        ...changingValues(call),
        transcripts,
      );
      return Number(lastInsertRowid);
    },
    find(workspaceId, id) {
      const row = find.get({ workspaceId, id });
      return row && fromRow(row);
    },
    change: (call) => {
      underWay.delete(call.workspaceId);
      change.run(...changingValues(call), call.key);
    },
    delete: (workspaceId, id) => {
      underWay.delete(workspaceId);
      return remove.run({ workspaceId, id }).changes > 0;
    },
    changeCourse(call) {
      underWay.delete(call.workspaceId);
      waiting.setCourse(call);
      change.run(...changingValues(call), call.key);
    },
    findWaiting: waiting.find,
    listDue: (workspaceId, until, limit) =>
      listDue.all({ workspaceId, until, limit }).map((row) => fromRow(row)),
    nextDue: (workspaceId) => nextDue.get({ workspaceId }) ?? undefined,
    countUnderWay: (workspaceId) =>
      cached(underWay, workspaceId, () => required(countUnderWay.get({ workspaceId }))),
    count: (workspaceId) => required(count.get({ workspaceId })),
    ...specialCalls(db),
    ...fixtureReader(db),
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

/** Those that the clients' own servers hold, or that wait for one, and those of batches. */
function specialCalls(
  db: Db,
): Pick<
  CallReader,
  'listHeldByServers' | 'listAwaiting' | 'listWorkspacesAwaiting' | 'countOfBatches'
> {
  // By this index, so that it does not read all calls. The order follows, because the index has another.
  const listHeldByServers = db.prepare<[], Row>(
    `SELECT ${columns} FROM calls INDEXED BY calls_under_way
     WHERE status IN ('registered', 'ongoing') AND status = 'ongoing'
       AND details ->> '$.llm' IS NOT NULL`,
  );
  const countOfBatches = db
    .prepare<{ workspaceId: number }, number>(
      `SELECT COUNT(*) FROM calls INDEXED BY calls_under_way
       WHERE workspace_id = :workspaceId AND status IN ('registered', 'ongoing')
         AND details ->> '$.batchCallId' IS NOT NULL`,
    )
    .pluck();
  return {
    ...awaitingCalls(db),
    countOfBatches: (workspaceId) => required(countOfBatches.get({ workspaceId })),
    listHeldByServers: () => {
      const rows = listHeldByServers.all();
      return rows.sort((a, b) => a.key - b.key).map((row) => fromRow(row));
    },
  };
}

/** Those that wait for the result of a custom function. */
function awaitingCalls(db: Db): Pick<CallReader, 'listAwaiting' | 'listWorkspacesAwaiting'> {
  // By this index, as above.
  const isAwaiting = `status IN ('registered', 'ongoing') AND status = 'ongoing'
    AND details ->> '$.functions.awaited' IS NOT NULL`;
  const list = db.prepare<{ workspaceId: number }, Row>(
    `SELECT ${columns} FROM calls INDEXED BY calls_under_way
     WHERE workspace_id = :workspaceId AND ${isAwaiting}`,
  );
  const workspaces = db
    .prepare<[], number>(
      `SELECT DISTINCT workspace_id FROM calls INDEXED BY calls_under_way WHERE ${isAwaiting}`,
    )
    .pluck();
  return {
    listAwaiting: (workspaceId) => {
      const rows = list.all({ workspaceId });
      return rows.sort((a, b) => a.key - b.key).map((row) => fromRow(row));
    },
    listWorkspacesAwaiting: () => workspaces.all(),
  };
}

/** Those that came in when there was no room for them. */
function waitingCalls(db: Db) {
  const setCourse = db.prepare<{ key: number; course: string | null; waits: number }>(
    'UPDATE calls SET course = :course, waits = :waits WHERE call_key = :key',
  );
  const findWaiting = db.prepare<{ workspaceId: number }, Row>(
    `SELECT ${columns} FROM calls
     WHERE workspace_id = :workspaceId AND waits = 1 AND status = 'registered'
     ORDER BY call_key LIMIT 1`,
  );
  return {
    find: (workspaceId: number): StoredCall | undefined => {
      const row = findWaiting.get({ workspaceId });
      return row && fromRow(row);
    },
    setCourse: (call: StoredCall) =>
      setCourse.run({ key: call.key, course: courseText(call), waits: waitsOf(call.call) }),
  };
}

/** What loads and exports read. */
function fixtureReader(db: Db): Pick<CallReader, 'has' | 'listAll' | 'getTranscripts'> {
  const has = db
    .prepare<{ workspaceId: number; id: string }, number>(
      'SELECT EXISTS (SELECT 1 FROM calls WHERE workspace_id = :workspaceId AND call_id = :id)',
    )
    .pluck();
  // By key: an index would cost each new call more than it saves exports.
  const listAll = db.prepare<{ workspaceId: number; fromKey: number }, Row>(
    `SELECT ${columns} FROM calls NOT INDEXED
     WHERE call_key >= :fromKey AND workspace_id = :workspaceId ORDER BY call_key`,
  );
  const getTranscripts = db
    .prepare<{ key: number }, string | null>(
      'SELECT given_transcripts FROM calls WHERE call_key = :key',
    )
    .pluck();
  return {
    has: (workspaceId, id) => has.get({ workspaceId, id }) === 1,
    listAll: (workspaceId, fromKey) =>
      readEach(() => listAll.iterate({ workspaceId, fromKey }), fromRow),
    getTranscripts(key) {
      const text = getTranscripts.get({ key });
      return typeof text === 'string' ? (JSON.parse(text) as GivenTranscripts) : undefined;
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
