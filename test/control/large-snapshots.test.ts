import { copyFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import type { Fixtures } from '../../src/library/workspace.js';
import { advance } from '../support/control.js';
import type { TestClient } from '../support/emulator.js';
import { temporaryFolder } from '../support/files.js';
import { exported, inPause, large, openTwo } from '../support/large-loads.js';

const url = '/_emulator/snapshots/big';

const take = (client: TestClient) => client.call<object>('POST', url);
const restore = (client: TestClient) => client.call<object>('POST', `${url}/restore`);

/** A workspace with a snapshot of much, to which more was added since. */
async function fill(client: TestClient): Promise<Record<'taken' | 'later', Fixtures>> {
  await client.call('POST', '/_emulator/fixtures', {
    ...large,
    batchTests: large.batchTests.slice(2),
    calls: [{ from_number: '+14155550100', to_number: '+14155550101', agent_id: 'a' }],
  });
  await advance(client, '500ms');
  const taken = await exported(client);
  await take(client);
  await client.createBatchTest(['mine']);
  await advance(client, '10s');
  return { taken, later: await exported(client) };
}

function databaseAndCopy() {
  const folder = temporaryFolder();
  return [join(folder, 'a.sqlite'), join(folder, 'copy.sqlite')] as const;
}

/** Copies a database that is open: what a process that is killed now would leave. */
function copyDatabase(database: string, copy: string): void {
  for (const suffix of ['', '-wal']) copyFileSync(database + suffix, copy + suffix);
}

describe('a snapshot of a large workspace', () => {
  it('is taken and restored with pauses, in which other workspaces are served', async () => {
    const { a, b, clock } = openTwo();
    const { taken, later } = await fill(a);
    for (const work of [restore, take]) {
      const turns = inPause(clock, 1, async () => {
        expect(await b.createBatchTest()).toMatchObject({ total_count: 1 });
      });
      await work(a);
      expect(turns.turns).toBeGreaterThanOrEqual(2);
      expect(await exported(a)).toEqual(taken);
    }
    expect(later).not.toEqual(taken);
    await advance(a, { until: 'idle' });
    const { batchTests = [] } = await exported(a);
    expect(
      batchTests.flatMap(({ runs }) => runs.filter(({ status }) => status === 'pass')),
    ).toHaveLength(3000);
  });

  it('makes requests to its own workspace wait until it is taken or restored', async () => {
    const { a, clock } = openTwo();
    const { taken } = await fill(a);
    let waiting: Promise<unknown>[] = [];
    inPause(clock, 1, () => {
      waiting = [exported(a), a.createBatchTest(['mine'])];
    });
    await restore(a);
    const [seen] = await Promise.all(waiting);
    expect(seen).toEqual(taken);
    expect((await exported(a)).batchTests).toHaveLength(4);
  });

  it('is replaced as a whole, or not at all, when the process is killed', async () => {
    const [database, copy] = databaseAndCopy();
    const { a, clock } = openTwo({ database });
    const { taken, later } = await fill(a);
    inPause(clock, 1, () => {
      copyDatabase(database, copy);
    });
    await take(a);

    const { a: revived } = openTwo({ database: copy });
    expect(await exported(revived)).toEqual(later);
    expect(await revived.call('GET', '/_emulator/snapshots')).toHaveLength(1);
    await restore(revived);
    expect(await exported(revived)).toEqual(taken);
  });

  it('is restored as a whole by the next start when the process is killed', async () => {
    const [database, copy] = databaseAndCopy();
    const { a, clock } = openTwo({ database });
    const { taken } = await fill(a);
    inPause(clock, 1, () => {
      copyDatabase(database, copy);
    });
    await restore(a);

    const { a: revived, emulator } = openTwo({ database: copy });
    expect(await exported(revived)).toEqual(taken);
    expect(emulator.store.unfinishedWork.list()).toEqual([]);
  });

  it('is restored before the next request when the disk refused that and has room again', async () => {
    const { a, clock, emulator } = openTwo();
    const { taken } = await fill(a);
    const { store } = emulator;
    const write = vi.spyOn(store, 'now');
    inPause(clock, 1, () => {
      write.mockImplementation(() => {
        throw Object.assign(new Error('database or disk is full'), { code: 'SQLITE_FULL' });
      });
    });
    for (const path of [`${url}/restore`, '/_emulator/clock/advance']) {
      const payload = path === `${url}/restore` ? undefined : { by: '1s' };
      expect(
        await a.send({ method: 'POST', url: path, ...(payload && { payload }) }),
      ).toMatchObject({ status: 500 });
    }
    write.mockRestore();
    expect(await exported(a)).toEqual(taken);
  });

  it('lets the process end while it is restored, and the next start finishes it', async () => {
    const [database, copy] = databaseAndCopy();
    const { a, clock, emulator } = openTwo({ database });
    const { taken } = await fill(a);
    inPause(clock, 1, () => {
      emulator.changes.close();
    });
    expect(await a.send({ method: 'POST', url: `${url}/restore` })).toMatchObject({ status: 503 });
    copyDatabase(database, copy);
    expect(await exported(openTwo({ database: copy }).a)).toEqual(taken);
  });
});
