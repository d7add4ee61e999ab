import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { expect, it } from 'vitest';
import { temporaryFolder } from '../support/files.js';

const library = pathToFileURL(resolve('dist/index.js')).href;

/** Runs a test file with Node's own runner. */
function runTests(code: string): string {
  const file = join(temporaryFolder(), 'fake.test.mjs');
  writeFileSync(
    file,
    `import test from 'node:test';\nimport assert from 'node:assert/strict';\n${code}`,
  );
  return execFileSync(process.execPath, ['--test', file], {
    encoding: 'utf8',
    timeout: 20_000,
  });
}

it('starts, answers and closes while the timers of node:test are fake', () => {
  const output = runTests(`
    import { startEmulator } from '${library}';
    test('fake', async ({ mock }) => {
      mock.timers.enable();
      const emulator = await startEmulator({ clock: 'real', runDuration: '1ms' });
      const workspace = emulator.workspace('key_fake');
      const answer = await fetch(emulator.url + '/create-batch-test', {
        method: 'POST',
        headers: { authorization: 'Bearer key_fake', 'content-type': 'application/json' },
        body: JSON.stringify({
          test_case_definition_ids: ['a'],
          response_engine: { type: 'retell-llm', llm_id: 'llm_1' },
        }),
      });
      const { test_case_batch_job_id: id } = await answer.json();
      assert.equal((await workspace.batchTests.wait(id)).status, 'complete');
      await emulator.close();
    });`);
  expect(output).toMatch(/pass 1$/m);
});

it('says that it was imported too late', () => {
  const output = runTests(`
    test('fake', async ({ mock }) => {
      mock.timers.enable();
      const { startEmulator } = await import('${library}');
      await assert.rejects(startEmulator(), /import retell-emulator before/);
    });`);
  expect(output).toMatch(/pass 1$/m);
});
