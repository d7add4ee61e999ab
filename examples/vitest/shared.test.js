// Uses the emulator of the global set-up. A key of its own for each test keeps tests apart.
import { connectEmulator } from 'retell-emulator';
import Retell from 'retell-sdk';
import { afterEach, expect, inject, test, vi } from 'vitest';
import { runGate } from './gate.js';

const emulator = connectEmulator(inject('retellUrl'));
const llmId = 'llm_1';
const engine = { type: 'retell-llm', llm_id: llmId };

async function workspaceOf(key) {
  const workspace = emulator.workspace(key);
  await workspace.reset();
  const client = new Retell({ apiKey: workspace.apiKey, baseURL: workspace.url, maxRetries: 0 });
  await client.tests.createTestCaseDefinition({
    name: 'Refund',
    response_engine: engine,
    user_prompt: 'You are Ann. You want your money back.',
    metrics: ['The agent stays polite'],
  });
  return { workspace, client };
}

afterEach(() => {
  vi.useRealTimers();
});

test('shares an emulator with other test files', async () => {
  const { workspace, client } = await workspaceOf('key_shared');
  await workspace.settings.change({ progression: 'immediate' });
  await workspace.outcomes.add({ outcome: { status: 'fail' } });
  expect(await runGate({ client, llmId })).toMatchObject([{ status: 'fail' }]);
});

test('polls with fake timers, until the emulator’s time has passed', async () => {
  const { workspace, client } = await workspaceOf('key_polling');
  vi.useFakeTimers();
  const sleep = (duration) => new Promise((resolve) => setTimeout(resolve, duration));
  const over = vi.fn();
  const gate = runGate({ client, llmId, sleep }).finally(over);
  await workspace.requests.wait({ operation: 'getBatchTest' });
  await workspace.settle();
  while (over.mock.calls.length === 0) await vi.advanceTimersByTimeAsync(100);
  expect(Array.isArray(await gate)).toBe(true);
  // The workspace answers after that, too.
  vi.useRealTimers();
  expect(await workspace.requests.count({ operation: 'getBatchTest' })).toBe(2);
});
