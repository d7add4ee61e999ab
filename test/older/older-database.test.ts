import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { describe, expect, it, onTestFinished } from 'vitest';
import { startEmulator } from '../../src/index.js';
import { temporaryFolder } from '../support/files.js';

const stored = (name: string) => readFileSync(new URL(name, import.meta.url));

/** What that emulator answered, by path, before it ended. */
const answers = JSON.parse(stored('5.answers.json').toString()) as Record<string, unknown>;
const [done, half, waiting] = Object.keys(answers).filter((path) => path.startsWith('/get-batch'));

/** Starts on a file that an emulator with the schema of migration 5 left behind. */
async function startOnOlder() {
  const database = join(temporaryFolder(), 'emulator.sqlite');
  writeFileSync(database, gunzipSync(stored('5.sqlite.gz')));
  const emulator = await startEmulator({
    ...{ database, seed: 'older', concurrency: 2, runDuration: '10s..20s' },
    validateResponses: true,
  });
  onTestFinished(() => emulator.close());
  const workspace = emulator.workspace('key_older');
  const get = async (path = '') => {
    const headers = { authorization: `Bearer ${workspace.apiKey}` };
    const answer = await fetch(emulator.url + path, { headers });
    return { status: answer.status, body: await answer.json() };
  };
  return { emulator, workspace, get };
}

describe('a database that an older emulator left behind', () => {
  it.each(Object.keys(answers))('is read as it was by GET %s', async (path) => {
    const { get } = await startOnOlder();
    expect(await get(path)).toEqual({ status: 200, body: answers[path] });
  });

  it('goes on with what was under way, and what waited', async () => {
    const { workspace, get } = await startOnOlder();
    await workspace.settle();
    expect((await get(half)).body).toMatchObject({ status: 'complete', total_count: 6 });
    expect((await get(waiting)).body).toMatchObject({ status: 'complete', total_count: 1 });
  });

  it('goes back to its snapshots', async () => {
    const { workspace, get } = await startOnOlder();
    await workspace.restore('before');
    expect(await get(done)).toEqual({ status: 200, body: answers[done ?? ''] });
    expect(await get(half)).toMatchObject({ status: 404 });
  });
});
