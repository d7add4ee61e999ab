import type Database from 'better-sqlite3';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { LazyDatabase } from '../../src/store/database/database.js';
import { openStore } from '../../src/store/store.js';

describe('every statement of the store', () => {
  it('finds its rows by an index, in order, so that its cost does not grow with the table', () => {
    const prepare = vi.spyOn(LazyDatabase.prototype, 'prepare');
    const store = openStore(':memory:', 0);
    const statements = prepare.mock.calls.map(([sql]) => sql);
    const [db] = prepare.mock.contexts as unknown as Database.Database[];
    prepare.mockRestore();
    onTestFinished(() => {
      store.close();
    });
    // Read once at start: the one row, the migrations, and of each workspace what it has left to do
    // and where its clock is. At the start and by each large load: the loads that have not ended.
    // Asked for as a whole: the columns of a table, and the workspaces when all are acted on.
    // Figures for whoever watches are of the whole database. The calls that servers held are looked for
    // among those under way.
    const atStart =
      /FROM calls INDEXED BY calls_under_way|COUNT\(\*\) FROM deliveries$|FROM (emulator|migrations|sqlite_schema|pragma_table_info)|^SELECT workspace_id FROM snapshots WHERE name|AS dueAt FROM|^SELECT DISTINCT workspace_id FROM deliveries$|AS reachedAt\s+FROM|^SELECT name(, label, last_used_at AS lastUsedAt)? FROM workspaces$|pragma_page_count/;
    const planOf = (sql: string) => {
      const names = [...sql.matchAll(/:(\w+)/g)].map(([, name]) => [name, null] as const);
      const named: unknown[] = names.length > 0 ? [Object.fromEntries(names)] : [];
      const positions = [...sql.matchAll(/\?/g)].map(() => null);
      const plan = db
        ?.prepare<unknown[], { detail: string }>(`EXPLAIN QUERY PLAN ${sql}`)
        .all(...positions, ...named);
      return (plan ?? []).map(({ detail }) => ({ detail, sql }));
    };
    const slow = statements
      .filter((sql) => /SELECT|UPDATE|DELETE/.test(sql) && !atStart.test(sql))
      .flatMap(planOf)
      .filter(({ detail, sql }) => {
        // SQLite lists scans of tables that refer to this one, too; it does them only while a
        // deferred foreign key is broken, and there are none.
        const [, table] = /^SCAN (\w+)/.exec(detail) ?? [];
        // A list that was given, or made by an index, is read from its beginning to its end.
        const isList = table === 'json_each' || table === 'origins';
        const isOwnScan = table !== undefined && !isList && new RegExp(`\\b${table}\\b`).test(sql);
        // What is due is counted by batch, so many at once.
        const isBounded = sql.includes('AS lastEndsAt');
        return isOwnScan || (detail.startsWith('USE TEMP') && !isBounded);
      });
    expect(statements.length).toBeGreaterThan(15);
    expect(slow).toEqual([]);
    // One row, not all that a definition ever said.
    const known = statements.find((sql) => sql.includes('AND digest = :digest')) ?? '';
    expect(planOf(known)).toMatchObject([
      { detail: expect.stringContaining('(workspace_id=? AND digest=?)') as string },
    ]);
    // Of all calls of an agent, only those of the time that is asked for.
    const pages = statements.filter((sql) => /FROM calls\s.*agent_id = :agentId/s.test(sql));
    expect(pages).toHaveLength(2);
    const index = 'calls_by_agent (workspace_id=? AND agent_id=? AND sorted_at>? AND sorted_at<?)';
    for (const page of pages) {
      expect(planOf(page)).toContainEqual({
        detail: `SEARCH calls USING INDEX ${index}`,
        sql: page,
      });
    }
  });
});
