import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { workspaceNameOf } from '../../src/workspace/name.js';
import { buildEmulator, buildTestApp } from '../support/emulator.js';
import { buildApp } from '../../src/http/app.js';
import { openDatabase } from '../../src/store/database/database.js';
import { loadMigrations, migrate } from '../../src/store/database/migrate.js';
import { workspaceList } from '../../src/store/workspace-list.js';
import { temporaryFolder } from '../support/files.js';
import { newYear } from '../support/manual-clock.js';
import { thisMachine, type TestClient } from '../support/emulator.js';

const [nameA, nameB, nameC] = ['key_a', 'key_b', 'key_c'].map(workspaceNameOf);
const list = (client: TestClient) => client.call<object[]>('GET', '/_emulator/workspaces');
const setLabel = (client: TestClient, label: unknown) =>
  client.send({ method: 'PATCH', url: '/_emulator/workspace', payload: { label } });

describe('the list of workspaces', () => {
  it('has each workspace that has content or sent a request, the last used first', async () => {
    const { client, clock } = buildTestApp();
    const [a, b, c] = [client('key_a'), client('key_b'), client('key_c')];
    await a.createBatchTest();
    await clock.advance(5);
    await b.send({ method: 'GET', url: '/get-batch-test/x' });
    expect((await setLabel(c, 'nightly')).status).toBe(200);
    expect(await list(a)).toEqual([
      { workspace: nameB, label: null, lastUsedAt: newYear + 5 },
      { workspace: nameA, label: null, lastUsedAt: newYear },
      { workspace: nameC, label: 'nightly', lastUsedAt: null },
    ]);
    await clock.advance(5);
    await a.send({ method: 'GET', url: '/get-batch-test/x' });
    expect(await list(c)).toMatchObject([{ workspace: nameA }, { workspace: nameB }, {}]);
  });

  it('is empty at first, and reading it does not count as a use', async () => {
    const { client } = buildTestApp();
    expect(await list(client())).toEqual([]);
    expect(await client().call('GET', '/_emulator/workspace')).toEqual({
      ...{ workspace: nameA, label: null, lastUsedAt: null },
    });
    expect(await list(client())).toEqual([]);
  });

  it('has the last use even without a journal', async () => {
    for (const journalSize of [0, 10]) {
      const { client } = buildTestApp({ journalSize });
      await client().send({ method: 'GET', url: '/get-batch-test/x' });
      await client().call('POST', '/_emulator/reset', {});
      expect(await list(client())).toMatchObject([{ workspace: nameA, lastUsedAt: newYear }]);
    }
  });

  it('requires the permission of the control API', async () => {
    const { app } = buildTestApp();
    for (const url of ['/_emulator/workspaces', '/_emulator/workspace']) {
      const answer = await app.inject({ url, headers: { host: 'evil.example' } });
      expect(answer.statusCode).toBe(403);
    }
  });
});

describe('a label', () => {
  it('is set, changed and removed', async () => {
    const { client } = buildTestApp();
    for (const label of ['checkout tests', 'x', 'ü'.repeat(100), null]) {
      expect(await setLabel(client(), label)).toMatchObject({ status: 200, body: { label } });
      expect(await client().call('GET', '/_emulator/workspace')).toMatchObject({ label });
      expect(await list(client())).toMatchObject([{ workspace: nameA, label }]);
    }
  });

  it.each([
    ['', 'body/label must NOT have fewer than 1 characters'],
    ['x'.repeat(101), 'body/label must NOT have more than 100 characters'],
    [7, 'body/label must be'],
    [undefined, "body must have required property 'label'"],
    ['key_a', 'body/label must not be the API key'],
  ])('is refused if it is %j', async (label, message) => {
    const { client } = buildTestApp();
    const answer = await setLabel(client(), label);
    expect(answer).toMatchObject({ status: 400 });
    expect(answer.body['message']).toContain(message);
    expect(await list(client())).toEqual([]);
  });

  it('survives resets and the restoring of a snapshot', async () => {
    const { client } = buildTestApp();
    const a = client();
    await a.call('POST', '/_emulator/snapshots/s');
    await setLabel(a, 'kept');
    await a.call('POST', '/_emulator/snapshots/s/restore');
    await a.call('POST', '/_emulator/reset', {});
    expect(await list(a)).toMatchObject([{ label: 'kept' }]);
  });

  it('survives a restart, as the last use does', async () => {
    const database = join(temporaryFolder(), 'emulator.sqlite');
    const { emulator } = buildEmulator({ database });
    const app = buildApp({
      ...{ emulator, apiKeys: [], validateResponses: true, controlAccess: thisMachine },
    });
    const headers = { authorization: 'Bearer key_a' };
    const payload = { label: 'checkout tests' };
    await app.inject({ method: 'PATCH', url: '/_emulator/workspace', headers, payload });
    await app.inject({ url: '/get-batch-test/x', headers });
    await app.close();
    emulator.close();
    const { client } = buildTestApp({ database });
    expect(await list(client('key_b'))).toEqual([
      { workspace: nameA, label: 'checkout tests', lastUsedAt: newYear },
    ]);
  });
});

describe('the times of last use', () => {
  function open() {
    const db = openDatabase(':memory:');
    onTestFinished(() => {
      db.close();
    });
    migrate(db, loadMigrations(), 0);
    db.exec(`INSERT INTO workspaces (name, settled_at) VALUES ('a', 0), ('b', 0)`);
    /** What a restart would find. */
    const stored = () => workspaceList(db).all();
    return { uses: workspaceList(db), stored };
  }

  it('are written once a minute at most', () => {
    const { uses, stored } = open();
    uses.noteUse('a', 100_000);
    expect(stored()).toMatchObject([{ lastUsedAt: null }, { lastUsedAt: null }]);
    uses.writeUsesIfDue();
    expect(stored()).toMatchObject([{ name: 'a', lastUsedAt: 100_000 }, { name: 'b' }]);
    uses.noteUse('b', 159_999);
    uses.writeUsesIfDue();
    expect(stored()).toMatchObject([{ name: 'a' }, { name: 'b', lastUsedAt: null }]);
    uses.noteUse('nobody', 160_000);
    uses.writeUsesIfDue();
    expect(stored()).toMatchObject([{ name: 'b', lastUsedAt: 159_999 }, { name: 'a' }]);
    uses.noteUse('a', 160_001);
    uses.writeUses();
    expect(stored()).toMatchObject([{ name: 'a', lastUsedAt: 160_001 }, { name: 'b' }]);
  });

  it('are kept of a bounded number of keys', () => {
    const { uses } = open();
    for (let key = 0; key < 10_050; key += 1) uses.noteUse(String(key), key);
    const names = uses.all().map(({ name }) => name);
    expect(names).toHaveLength(10_000 + 2);
    expect(names).toContain('10049');
    expect(names).not.toContain('49');
  });
});
