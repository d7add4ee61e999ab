import { afterEach, describe, expect, it, vi } from 'vitest';
import { createBatch, clientOf, start } from './support/library.js';

describe('fake timers of the test runner', () => {
  afterEach(() => {
    vi.useRealTimers();
  });

  it.each([
    { name: 'Vitest’s own choice', toFake: undefined },
    {
      name: 'all that can be',
      toFake: [
        'setTimeout',
        'setInterval',
        'setImmediate',
        'Date',
        'performance',
        'hrtime',
      ] as const,
    },
  ])('do not stop the emulator: $name', async ({ toFake }) => {
    const workspace = (await start()).workspace('key_faked');
    vi.useFakeTimers(toFake && { toFake: [...toFake] });
    const { test_case_batch_job_id: id } = await createBatch(workspace, ['a', 'b']);
    expect((await workspace.settle()).runsEnded).toBe(2);
    expect((await workspace.batchTests.wait(id)).status).toBe('complete');
    vi.useRealTimers();
    await createBatch(workspace, ['c']);
    expect((await workspace.settle()).runsEnded).toBe(1);
  });

  it('do not move a clock that is real, which goes on meanwhile', async () => {
    const emulator = await start({ clock: 'real', runDuration: '1ms' });
    const workspace = emulator.workspace('key_real');
    vi.useFakeTimers({ now: 0 });
    const { test_case_batch_job_id: id } = await createBatch(workspace, ['a']);
    expect((await workspace.batchTests.wait(id)).status).toBe('complete');
    const { creation_timestamp } = await clientOf(workspace).tests.getBatchTest(id);
    expect(creation_timestamp).toBeGreaterThan(Date.UTC(2025, 0));
  });

  it('work with code under test that polls with its own timers', async () => {
    const workspace = (await start()).workspace('key_polling');
    const client = clientOf(workspace);
    const { test_case_batch_job_id: id } = await createBatch(workspace, ['a']);
    let polls = 0;
    const poll = async (): Promise<void> => {
      for (;;) {
        polls += 1;
        if ((await client.tests.getBatchTest(id)).status === 'complete') return;
        await new Promise((resolve) => setTimeout(resolve, 10_000));
      }
    };
    vi.useFakeTimers();
    const over = vi.fn();
    const polling = poll().finally(over);
    await workspace.requests.wait({ operation: 'getBatchTest' });
    await workspace.settle();
    while (over.mock.calls.length === 0) await vi.advanceTimersByTimeAsync(100);
    await polling;
    expect(polls).toBe(2);
  });

  it('are refused if they were installed before the library', async () => {
    vi.useFakeTimers();
    vi.resetModules();
    const { startEmulator } = await import('../src/index.js');
    await expect(startEmulator()).rejects.toThrow('import retell-emulator before');
  });
});
