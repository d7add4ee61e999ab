import { describe, expect, it, onTestFinished } from 'vitest';
import { join } from 'node:path';
import { openDatabase } from '../../src/store/database/database.js';
import { publicId } from '../../src/stored-id.js';
import { runNumberAt } from '../../src/random.js';
import { loadMigrations, migrate } from '../../src/store/database/migrate.js';
import { makeAll } from '../../src/store/steps.js';
import { openStore } from '../../src/store/store.js';
import { temporaryFolder } from '../support/files.js';

describe('a database of the first migration', () => {
  it('is updated with its runs, and the seed of these runs', () => {
    const path = join(temporaryFolder(), 'emulator.sqlite');
    const db = openDatabase(path);
    migrate(db, loadMigrations().slice(0, 1), 0);
    db.exec(`
      INSERT INTO emulator (only_row, seed) VALUES (1, 'old');
      INSERT INTO workspaces (workspace_id, name, next_batch_ordinal, running_count, settled_at)
        VALUES (1, 'w', 1, 1, 20);
      INSERT INTO batch_tests (batch_key, workspace_id, ordinal, batch_test_id, response_engine,
                               total_count, started_count, pass_count, created_at, modified_at)
        VALUES (1, 1, 0, 'test_batch_1', '{"type":"retell-llm","llm_id":"llm_1","version":2}',
                3, 2, 1, 10, 20);
      INSERT INTO test_runs (batch_key, run_index, workspace_id, test_run_id,
                             test_case_definition_id, status, outcome, started_at, ends_at)
        VALUES (1, 0, 1, 'test_job_1', 'a', 'pass', 'pass', 10, 20),
               (1, 1, 1, 'test_job_2', 'b', 'in_progress', 'fail', 10, 30),
               (1, 2, 1, 'test_job_3', 'c', 'pending', NULL, NULL, NULL);
    `);
    db.close();

    const store = openStore(path, 0);
    onTestFinished(() => {
      store.close();
    });
    expect(store.now((writer) => writer.keepSeed('new', () => ''))).toBe('new');
    const runs = store.testRuns.listPage(store.batchTests.findKey(1, 'test_batch_1') ?? 0, -1, 9);
    expect(runs).toMatchObject([
      { run: { id: 'test_job_1', status: 'pass', seed: 'old', endsAt: 20 } },
      { run: { id: 'test_job_2', status: 'in_progress', seed: 'old', endsAt: 30 } },
      { run: { id: 'test_job_3', status: 'pending' }, target: { unknownDefinitionId: 'c' } },
    ]);
    expect(store.running.listEnding(1, 30, 9)).toMatchObject([{ runIndex: 1, outcome: 'fail' }]);
    expect(store.testRuns.listQueued(1, 9)).toMatchObject([{ runIndex: 2 }]);
    const page = { workspaceId: 1, before: undefined, limit: 9, engine: 'retell-llm:llm_1' };
    expect(store.batchTests.listPage({ ...page, version: 2 })).toHaveLength(1);
    expect(store.batchTests.listPage({ ...page, version: 1 })).toHaveLength(0);
  });
});

describe('a database of the fifth migration', () => {
  it('keeps ids, engines and snapshots, although they are stored differently now', () => {
    const path = join(temporaryFolder(), 'emulator.sqlite');
    const db = openDatabase(path);
    migrate(db, loadMigrations().slice(0, 5), 0);
    db.exec(`INSERT INTO workspaces (workspace_id, name, settled_at) VALUES (1, 'w', 10)`);
    const said = ['', ',"version":2', ',"version":null'].map(
      (version) => `{"type":"conversation-flow","conversation_flow_id":"f:1"${version}}`,
    );
    const ids = ['test_batch_0123456789ab', 'test_batch_fedcba987654', 'mine'];
    for (const [ordinal, id] of ids.entries()) {
      db.prepare(
        `INSERT INTO batch_tests (workspace_id, ordinal, batch_test_id, response_engine,
                                  total_count, created_at, modified_at, progression)
         VALUES (1, :ordinal, :id, :engine, 2, 10, 10, 'manual')`,
      ).run({ ordinal, id, engine: said[ordinal] });
    }
    db.exec(`
      INSERT INTO test_runs (batch_key, run_index, workspace_id, test_run_id,
                             unknown_definition_id)
        VALUES (1, 0, 1, 'test_job_00000000000f', 'a'), (1, 1, 1, 'test_job_F', 'b');
    `);
    const rowsOf = (table: string) =>
      JSON.stringify(db.prepare(`SELECT * FROM ${table} ORDER BY rowid`).all());
    const rows = rowsOf('batch_tests').replaceAll(/"engine(_version)?":("[^"]*"|null|2),?/g, '');
    const runs = JSON.stringify(db.prepare('SELECT * FROM test_runs').all());
    const steering = {
      ...{ next_batch_ordinal: 3, next_definition_ordinal: 0, next_rule_ordinal: 0 },
      ...{ next_fault_ordinal: 0, next_asset_ordinal: 0, running_count: 0, settled_at: 10 },
      ...{ settings: '{}', clock_mode: 'manual', clock_speed: 1, credit: null },
      ...{ rate_tokens: null, rate_filled_at: null },
    };
    const none = '"definitions":[],"rules":[],"faults":[],"assets":[],"assetVersions":[]';
    db.prepare(
      `INSERT INTO snapshots (workspace_id, name, taken_at, content) VALUES (1, 's', 10, :content)`,
    ).run({
      content: `{"workspace":${JSON.stringify(steering)},${none},"batches":${rows},"runs":${runs}}`,
    });
    db.close();

    const store = openStore(path, 0);
    onTestFinished(() => {
      store.close();
    });
    const read = () => ({
      batches: store.batchTests.listAll(1).map(({ id, responseEngine }) => ({
        ...{ id, responseEngine, found: store.batchTests.find(1, id)?.id },
      })),
      runs: ['test_job_00000000000f', 'test_job_F'].map((id) => store.testRuns.find(1, id)?.run.id),
    });
    const before = read();
    expect(before).toEqual({
      batches: ids.map((id, index) => ({
        ...{ id, found: id, responseEngine: JSON.parse(said[index] ?? '') as unknown },
      })),
      runs: ['test_job_00000000000f', 'test_job_F'],
    });
    const restore = () => store.now(({ snapshots }) => makeAll(snapshots.restore(1, 's')));
    expect(restore()).toEqual({ name: 's', takenAt: 10 });
    expect(read()).toEqual(before);
  });
});

describe('a database of the twelfth migration', () => {
  it('has the batches of its inbox with their runs, and uses no ordinal twice', () => {
    const path = join(temporaryFolder(), 'emulator.sqlite');
    const db = openDatabase(path);
    migrate(db, loadMigrations().slice(0, 12), 0);
    db.exec(`
      INSERT INTO workspaces (workspace_id, name, settled_at) VALUES (1, 'v', 0), (2, 'w', 0);
      INSERT INTO tested_engines (engine_key, workspace_id, engine)
        VALUES (1, 1, 'retell-llm:a'), (2, 2, 'retell-llm:a')`);
    const waiting = (workspaceId: number, ordinal: number, version: number | string | null) => ({
      row: [
        workspaceId,
        ordinal,
        1000 + ordinal,
        workspaceId,
        version,
        null,
        3,
        5,
        5,
        'polls',
        9,
        0,
      ],
      ...{ firstRun: 4096 * (1 + ordinal), runMask: 0b101, targets: ['a', 'b', 'c'] },
    });
    const fill = db.prepare('INSERT INTO inbox (place, filling, batches) VALUES (?, ?, ?)');
    db.prepare('UPDATE inbox SET filling = 7 WHERE place = 0').run();
    fill.run(1, 7, JSON.stringify([waiting(1, 4, 2), waiting(2, 0, null)]));
    fill.run(2, 7, JSON.stringify([waiting(1, 5, 'null')]));
    // Of an earlier filling: it is in the tables, or was undone.
    fill.run(3, 6, JSON.stringify([waiting(1, 3, null)]));
    db.close();

    const store = openStore(path, 0);
    onTestFinished(() => {
      store.close();
    });
    expect(store.batchTests.listAll(2).map(({ ordinal }) => ordinal)).toEqual([0]);
    const batches = store.batchTests.listAll(1);
    const llm = { type: 'retell-llm', llm_id: 'a' };
    const progression = { kind: 'polls', polls: 9 };
    expect(batches).toMatchObject([
      { ordinal: 4, id: publicId('batch', 1004), totalCount: 3, createdAt: 5, progression },
      { ordinal: 5, id: publicId('batch', 1005), totalCount: 3, createdAt: 5, progression },
    ]);
    expect(batches.map(({ responseEngine }) => responseEngine)).toEqual([
      { ...llm, version: 2 },
      { ...llm, version: null },
    ]);
    const numbers = { firstRun: 4096 * 5, runXor: 0b101 };
    const runs = store.testRuns.listPage(batches[0]?.batchKey ?? 0, -1, undefined);
    expect(runs).toMatchObject(
      ['a', 'b', 'c'].map((unknownDefinitionId, index) => ({
        run: { id: publicId('run', runNumberAt(numbers, index)), status: 'pending' },
        target: { unknownDefinitionId, revisionKey: null },
      })),
    );
    expect(store.workspaces.ordinals(1).batch).toBe(6);
    expect(store.workspaces.ordinals(2).batch).toBe(1);
  });
});

describe('a database of the nineteenth migration', () => {
  it('keeps its calls, and uses no key of a deleted one again', () => {
    const path = join(temporaryFolder(), 'emulator.sqlite');
    const db = openDatabase(path);
    migrate(db, loadMigrations().slice(0, 19), 0);
    db.exec(`
      INSERT INTO workspaces (workspace_id, name, settled_at) VALUES (1, 'w', 10);
      INSERT INTO seeds (seed_key, seed) VALUES (1, 's');
      INSERT INTO calls (call_key, workspace_id, call_id, ordinal, origin, direction, from_number,
                         to_number, agent_id, agent_version, seed_key, progression, status, passed,
                         sorted_at, plan, details, waits)
        VALUES (3, 1, 'call_3', 0, 'inbound', 'inbound', '+1', '+2', 'a', 0, 1, 'time',
                'registered', 0, 5, '{}', '{}', 1),
               (7, 1, 'call_7', 1, 'inbound', 'inbound', '+1', '+2', 'a', 0, 1, 'time',
                'registered', 0, 5, '{}', '{}', 0);
      DELETE FROM calls WHERE call_key = 7;
    `);
    db.close();

    openStore(path, 0).close();
    const after = openDatabase(path);
    onTestFinished(() => {
      after.close();
    });
    expect(after.prepare('SELECT call_key, call_id, waits FROM calls').all()).toEqual([
      { call_key: 3, call_id: 'call_3', waits: 1 },
    ]);
    const keys = after.prepare("SELECT seq FROM sqlite_sequence WHERE name = 'calls'").pluck();
    expect(keys.all()).toEqual([7]);
  });
});
