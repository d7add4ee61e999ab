import { execFile } from 'node:child_process';
import { test } from 'retell-emulator/vitest';
import Retell from 'retell-sdk';
import { runGate } from './gate.js';

const llmId = 'llm_1';
const clientOf = ({ apiKey, url }) => new Retell({ apiKey, baseURL: url, maxRetries: 0 });

async function createCases(workspace, names) {
  for (const name of names) {
    await clientOf(workspace).tests.createTestCaseDefinition({
      name,
      response_engine: { type: 'retell-llm', llm_id: llmId },
      user_prompt: 'You are Ann. You want your money back.',
      metrics: ['The agent stays polite'],
    });
  }
}

/** Time that the gate sleeps passes in the emulator, and in no time here. */
const gateOf = (workspace, options = {}) =>
  runGate({
    client: clientOf(workspace),
    llmId,
    sleep: (ms) => workspace.clock.advance(`${ms}ms`),
    ...options,
  });

test('lets a change pass when every case passes', async ({ workspace, expect }) => {
  await createCases(workspace, ['Refund', 'Booking']);
  await workspace.outcomes.add({ outcome: { status: 'pass' } });
  expect(await gateOf(workspace)).toEqual([]);
});

test('reports each run that fails, or ends in error', async ({ workspace, expect }) => {
  await createCases(workspace, ['Refund', 'Booking', 'Greeting']);
  await workspace.outcomes.add({
    match: { name: 'Refund' },
    outcome: { status: 'fail', explanation: 'The agent hung up.' },
  });
  await workspace.outcomes.add({ match: { name: 'Booking' }, outcome: { status: 'error' } });
  await workspace.outcomes.add({ outcome: { status: 'pass' } });
  expect(await gateOf(workspace)).toMatchObject([
    { status: 'error', test_case_definition_snapshot: { name: 'Booking' } },
    { status: 'fail', result_explanation: 'The agent hung up.' },
  ]);
});

test('waits for as long as it takes', async ({ workspace, expect }) => {
  await createCases(workspace, ['Slow']);
  await workspace.outcomes.add({ outcome: { status: 'pass', duration: '9m' } });
  expect(await gateOf(workspace)).toEqual([]);
  const { now } = await workspace.clock.get();
  expect(now).toBeGreaterThan(Date.parse('2026-01-01T00:09:00Z'));
});

test('gives up when it takes too long', async ({ workspace, expect }) => {
  await createCases(workspace, ['Stuck']);
  await workspace.settings.change({ progression: 'manual' });
  await expect(gateOf(workspace)).rejects.toThrow('took longer than 600000 ms');
});

test('reads every page', async ({ workspace, expect }) => {
  await createCases(
    workspace,
    Array.from({ length: 230 }, (_, index) => `Case ${index}`),
  );
  await workspace.outcomes.add({ outcome: { status: 'fail' } });
  expect(await gateOf(workspace)).toHaveLength(230);
});

test('says by its exit code how it went', async ({ workspace, expect }) => {
  await workspace.settings.change({ progression: 'immediate' });
  const run = () =>
    new Promise((resolve) => {
      const env = {
        ...process.env,
        RETELL_API_KEY: workspace.apiKey,
        RETELL_BASE_URL: workspace.url,
      };
      execFile(process.execPath, ['gate.js', llmId], { env }, (error, stdout, stderr) => {
        resolve({ code: error?.code ?? 0, stdout, stderr });
      });
    });
  expect(await run()).toMatchObject({
    code: 2,
    stderr: 'gate: there are no test cases for llm_1\n',
  });
  await createCases(workspace, ['Refund']);
  await workspace.outcomes.add({ times: 1, outcome: { status: 'pass' } });
  expect(await run()).toMatchObject({ code: 0, stdout: '' });
  await workspace.outcomes.add({ outcome: { status: 'fail', explanation: 'No.' } });
  expect(await run()).toMatchObject({ code: 1, stdout: 'fail: Refund: No.\n' });
});
