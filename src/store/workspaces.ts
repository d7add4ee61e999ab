import { refuseUsedUp } from '../domain/counter.js';
import type { RunningClock, WorkspaceClock } from '../workspace/clock.js';
import type { Bucket } from '../workspace/limits/rate-limit.js';
import type { RateWindows } from '../workspace/limits/vendor-limiters.js';
import type { SettingsInput } from '../workspace/settings.js';
import { cached } from '../bounded-cache.js';
import type { Caches } from './caches.js';
import { required, type Db } from './database/database.js';

/** A workspace as stored. */
export interface WorkspaceRow {
  readonly id: number;
  readonly name: string;
  /** The number of runs in progress. */
  readonly runningCount: number;
  /** When the last event happened. */
  readonly settledAt: number;
  readonly clock: WorkspaceClock;
  /** The settings that differ from those of the emulator's start. */
  readonly settings: SettingsInput;
  /** The bucket of the rate limit; undefined if it is full. */
  readonly bucket: Bucket | undefined;
  /** The windows of the vendor's limits; undefined if nothing was counted. */
  readonly rateWindows: RateWindows | undefined;
  /** How many more runs can be created; null for any number. */
  readonly credit: number | null;
}

/** Counters from which ids and draws follow. Each number is used once. */
export type Ordinal = (typeof ordinalKinds)[number];

export interface WorkspaceReader {
  find(name: string): WorkspaceRow | undefined;
  get(id: number): WorkspaceRow;
  listNames(): string[];
  /** The next numbers. */
  ordinals(id: number): Record<Ordinal, number>;
  /** The workspaces with pending runs or runs in progress, and the next due time of each. */
  listUnfinished(): { id: number; clock: WorkspaceClock; dueAt: number }[];
  /** The next due time of one workspace; null if nothing is due any more. */
  nextDue(id: number): number | null;
  /** The real clocks, and the last moment at which something happened or began to wait. */
  listRunningClocks(): { id: number; clock: RunningClock; reachedAt: number }[];
}

export interface WorkspaceWriter extends WorkspaceReader {
  /** Inserts a workspace, in which nothing happens before `now`. */
  insert(name: string, now: number, clock: WorkspaceClock, credit: number | null): WorkspaceRow;
  /** Returns the next ordinal of a kind, from 0, and never the same twice. */
  takeOrdinal(id: number, kind: Ordinal): number;
  /** Raises the next ordinals to these, unless they are higher already. */
  raiseOrdinals(id: number, next: Partial<Record<Ordinal, number>>): void;
  setClock(id: number, clock: WorkspaceClock): void;
  setSettings(id: number, settings: SettingsInput): void;
  /** Sets the bucket; undefined means full. */
  setBucket(id: number, bucket: Bucket | undefined): void;
  /** Sets the windows; undefined means that nothing was counted. */
  setRateWindows(id: number, windows: RateWindows | undefined): void;
  setCredit(id: number, credit: number | null): void;
  /** Adds these changes. The time of the last event never goes back. */
  addProgress(progress: WorkspaceProgress): void;
  /** Sets the time of the last event. */
  setSettledAt(id: number, time: number): void;
}

/** The changes of one workspace in one step of the simulation. */
export interface WorkspaceProgress {
  readonly id: number;
  readonly runningDelta: number;
  readonly settledAt: number;
}

interface ClockColumns {
  mode: WorkspaceClock['mode'];
  time: number;
  anchor: number;
  speed: number;
}

interface Row extends ClockColumns {
  id: number;
  name: string;
  runningCount: number;
  settledAt: number;
  settings: string;
  credit: number | null;
  tokens: number | null;
  filledAt: number | null;
  rateWindows: string | null;
}

const toColumns = (clock: WorkspaceClock): ClockColumns => ({ anchor: 0, speed: 1, ...clock });

const toClock = ({ mode, time, anchor, speed }: ClockColumns): WorkspaceClock =>
  mode === 'manual' ? { mode, time } : { mode, time, anchor, speed };

const clockColumns = `clock_mode AS mode, clock_time AS time, clock_anchor AS anchor,
  clock_speed AS speed`;

const columns = `workspace_id AS id, name, running_count AS runningCount, settled_at AS settledAt,
  ${clockColumns}, settings, credit, rate_tokens AS tokens, rate_filled_at AS filledAt,
  rate_windows AS rateWindows`;

export function workspaceStore(db: Db, caches: Caches): WorkspaceWriter {
  const find = db.prepare<{ name: string }, Row>(
    `SELECT ${columns} FROM workspaces WHERE name = :name`,
  );
  const get = db.prepare<{ id: number }, Row>(
    `SELECT ${columns} FROM workspaces WHERE workspace_id = :id`,
  );
  const insert = db.prepare<
    ClockColumns & { name: string; now: number; credit: number | null },
    Row
  >(
    `INSERT INTO workspaces (name, settled_at, clock_mode, clock_time, clock_anchor, clock_speed,
                             credit)
     VALUES (:name, :now, :mode, :time, :anchor, :speed, :credit) RETURNING ${columns}`,
  );
  const listNames = db.prepare<[], string>('SELECT name FROM workspaces').pluck();
  const setClock = db.prepare<ClockColumns & { id: number }>(
    `UPDATE workspaces
     SET clock_mode = :mode, clock_time = :time, clock_anchor = :anchor, clock_speed = :speed
     WHERE workspace_id = :id`,
  );
  const setSettings = db.prepare<{ id: number; settings: string }>(
    `UPDATE workspaces SET settings = :settings WHERE workspace_id = :id`,
  );
  const setBucket = db.prepare<{ id: number; tokens: number | null; filledAt: number | null }>(
    `UPDATE workspaces SET rate_tokens = :tokens, rate_filled_at = :filledAt
     WHERE workspace_id = :id`,
  );
  const setRateWindows = db.prepare<{ id: number; windows: string | null }>(
    'UPDATE workspaces SET rate_windows = :windows WHERE workspace_id = :id',
  );
  const setCredit = db.prepare<{ id: number; credit: number | null }>(
    'UPDATE workspaces SET credit = :credit WHERE workspace_id = :id',
  );
  const addProgress = db.prepare<WorkspaceProgress>(
    `UPDATE workspaces
     SET running_count = running_count + :runningDelta,
         settled_at = MAX(settled_at, :settledAt)
     WHERE workspace_id = :id`,
  );
  const setSettledAt = db.prepare<{ id: number; time: number }>(
    'UPDATE workspaces SET settled_at = :time WHERE workspace_id = :id',
  );
  // hot path: every request reads its workspace. Every write of a workspace deletes its entry here, or
  // updates it. The id never changes.
  const rows = caches.create<number, WorkspaceRow>();
  const ids = caches.create<string, number>();
  const remember = (row: Row): WorkspaceRow => {
    const workspace = toWorkspace(row);
    rows.set(row.id, workspace);
    ids.set(row.name, row.id);
    return workspace;
  };
  const writing =
    <Args extends [id: number, ...rest: unknown[]]>(write: (...args: Args) => unknown) =>
    (...args: Args): void => {
      rows.delete(args[0]);
      write(...args);
    };

  return {
    ...ordinalStore(db, caches),
    find(name) {
      const known = rows.get(ids.get(name) ?? 0);
      if (known !== undefined) return known;
      const row = find.get({ name });
      return row && remember(row);
    },
    get: (id) => rows.get(id) ?? remember(required(get.get({ id }))),
    insert: (name, now, clock, credit) =>
      toWorkspace(required(insert.get({ name, now, credit, ...toColumns(clock) }))),
    listNames: () => listNames.all(),
    setClock: writing((id, clock: WorkspaceClock) => setClock.run({ ...toColumns(clock), id })),
    setSettings: writing((id, settings: SettingsInput) =>
      setSettings.run({ id, settings: JSON.stringify(settings) }),
    ),
    setBucket: writing((id, bucket: Bucket | undefined) =>
      setBucket.run({ id, tokens: bucket?.tokens ?? null, filledAt: bucket?.filledAt ?? null }),
    ),
    setRateWindows: writing((id, windows: RateWindows | undefined) =>
      setRateWindows.run({ id, windows: windows === undefined ? null : JSON.stringify(windows) }),
    ),
    setCredit: writing((id, credit: number | null) => setCredit.run({ id, credit })),
    addProgress(progress) {
      const { id, runningDelta, settledAt } = progress;
      addProgress.run(progress);
      const row = rows.get(id);
      if (row === undefined) return;
      // Keeps the same object of settings, so that values derived from it are not computed again.
      rows.set(id, {
        ...row,
        runningCount: row.runningCount + runningDelta,
        settledAt: Math.max(row.settledAt, settledAt),
      });
    },
    setSettledAt: writing((id, time: number) => setSettledAt.run({ id, time })),
    ...dueStore(db),
  };
}

function toWorkspace(row: Row): WorkspaceRow {
  const { mode, time, anchor, speed, settings, tokens, filledAt, rateWindows, ...rest } = row;
  return {
    ...rest,
    bucket: tokens === null || filledAt === null ? undefined : { tokens, filledAt },
    rateWindows: rateWindows === null ? undefined : (JSON.parse(rateWindows) as RateWindows),
    clock: toClock({ mode, time, anchor, speed }),
    settings: JSON.parse(settings) as SettingsInput,
  };
}

const ordinalKinds = [
  ...(['batch', 'definition', 'rule', 'fault', 'asset', 'number', 'call'] as const),
  ...(['object', 'chat'] as const),
] as const;

function ordinalStore(db: Db, caches: Caches) {
  const prepareSet = (kind: Ordinal) =>
    db.prepare<{ next: number; id: number }>(
      `UPDATE workspaces SET next_${kind}_ordinal = :next WHERE workspace_id = :id`,
    );
  const setNext = Object.fromEntries(
    ordinalKinds.map((kind) => [kind, prepareSet(kind)]),
  ) as Record<Ordinal, ReturnType<typeof prepareSet>>;
  const ordinals = db.prepare<{ id: number }, Record<Ordinal, number>>(
    `SELECT next_batch_ordinal AS batch, next_definition_ordinal AS definition,
            next_rule_ordinal AS rule, next_fault_ordinal AS fault,
            next_asset_ordinal AS asset, next_number_ordinal AS number,
            next_call_ordinal AS call, next_object_ordinal AS object,
            next_chat_ordinal AS chat
     FROM workspaces WHERE workspace_id = :id`,
  );
  const raiseOrdinals = db.prepare<Record<Ordinal, number> & { id: number }>(
    `UPDATE workspaces
     SET next_batch_ordinal = MAX(next_batch_ordinal, :batch),
         next_definition_ordinal = MAX(next_definition_ordinal, :definition),
         next_rule_ordinal = MAX(next_rule_ordinal, :rule),
         next_fault_ordinal = MAX(next_fault_ordinal, :fault),
         next_asset_ordinal = MAX(next_asset_ordinal, :asset),
         next_number_ordinal = MAX(next_number_ordinal, :number),
         next_call_ordinal = MAX(next_call_ordinal, :call),
         next_object_ordinal = MAX(next_object_ordinal, :object),
         next_chat_ordinal = MAX(next_chat_ordinal, :chat)
     WHERE workspace_id = :id`,
  );
  // hot path: each batch takes one. Taking an ordinal updates the entry; raising ordinals deletes it.
  const known = caches.create<number, Record<Ordinal, number>>();
  const read = (id: number) => cached(known, id, () => required(ordinals.get({ id })));
  return {
    takeOrdinal(id: number, kind: Ordinal) {
      const next = read(id);
      const ordinal = next[kind];
      refuseUsedUp(ordinal, `ordinal of the kind "${kind}"`);
      next[kind] = ordinal + 1;
      setNext[kind].run({ next: next[kind], id });
      return ordinal;
    },
    ordinals: (id: number) => ({ ...read(id) }),
    raiseOrdinals(id: number, next: Partial<Record<Ordinal, number>>) {
      known.delete(id);
      const none = Object.fromEntries(ordinalKinds.map((kind) => [kind, 0]));
      raiseOrdinals.run({ ...(none as Record<Ordinal, number>), ...next, id });
    },
  };
}

/** The next due time of a workspace; null if nothing is due. Reads one row of each table. */
const firstDue = (id: string): string =>
  `(SELECT MIN(due_at) FROM (
      SELECT MIN(ends_at) AS due_at FROM running_test_runs WHERE workspace_id = ${id}
      UNION ALL
      SELECT MIN(completes_at) FROM batch_tests
      WHERE workspace_id = ${id} AND completes_at IS NOT NULL
      UNION ALL
      SELECT created_at FROM (
        SELECT created_at FROM batch_tests
        WHERE workspace_id = ${id} AND started_count < total_count AND progression = 'time'
        ORDER BY ordinal LIMIT 1
      )
      UNION ALL
      SELECT MIN(next_at) FROM calls WHERE workspace_id = ${id} AND next_at IS NOT NULL
      UNION ALL
      SELECT MIN(next_at) FROM objects WHERE workspace_id = ${id} AND next_at IS NOT NULL
      UNION ALL
      SELECT MIN(next_at) FROM chats WHERE workspace_id = ${id} AND next_at IS NOT NULL
    ))`;

function dueStore(
  db: Db,
): Pick<WorkspaceReader, 'listUnfinished' | 'nextDue' | 'listRunningClocks'> {
  const listUnfinished = db.prepare<[], ClockColumns & { id: number; dueAt: number }>(
    `SELECT * FROM (
       SELECT workspace_id AS id, ${clockColumns},
              ${firstDue('workspaces.workspace_id')} AS dueAt FROM workspaces
     ) WHERE dueAt IS NOT NULL`,
  );
  const nextDue = db.prepare<{ id: number }, number | null>(`SELECT ${firstDue(':id')}`).pluck();
  const listRunningClocks = db.prepare<[], RunningClock & { id: number; reachedAt: number }>(
    `SELECT workspace_id AS id, ${clockColumns},
            MAX(settled_at, COALESCE((
              SELECT MAX(created_at) FROM batch_tests
              WHERE batch_tests.workspace_id = workspaces.workspace_id
                AND started_count < total_count AND progression = 'time'
            ), 0)) AS reachedAt
     FROM workspaces WHERE clock_mode = 'real'`,
  );

  return {
    listUnfinished: () =>
      listUnfinished.all().map(({ id, dueAt, ...clock }) => ({ id, dueAt, clock: toClock(clock) })),
    nextDue: (id) => nextDue.get({ id }) ?? null,
    listRunningClocks: () =>
      listRunningClocks.all().map(({ id, reachedAt, ...clock }) => ({ id, reachedAt, clock })),
  };
}
