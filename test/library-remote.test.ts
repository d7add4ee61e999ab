import { describe, expect, it } from 'vitest';
import { ApiError, connectEmulator } from '../src/index.js';
import { createBatch, start } from './support/library.js';

describe('a workspace of an emulator in another process', () => {
  it('does what one in this process does', async () => {
    const { url, workspace: local, workspaces } = await start();
    const emulator = connectEmulator(url);
    const remote = emulator.workspace('key_shared');
    await remote.outcomes.add({ match: { name: 'a' }, outcome: { status: 'fail' } });
    const { test_case_batch_job_id: id } = await createBatch(remote, ['a', 'b']);
    expect((await remote.settle()).runsEnded).toBe(2);
    expect(await remote.batchTests.wait(id, { timeout: '1s' })).toMatchObject({
      status: 'complete',
    });
    expect(await remote.requests.expect({ operation: 'createBatchTest', count: 1 })).toHaveLength(
      1,
    );
    expect(await remote.settings.get()).toEqual(await local('key_shared').settings.get());
    expect(await remote.export()).toEqual(await local('key_shared').export());
    const snapshot = await remote.snapshot('a/b c');
    await remote.outcomes.clear();
    await snapshot.restore();
    expect(await remote.outcomes.list()).toHaveLength(1);
    expect(await emulator.workspaces()).toEqual(await workspaces());
  });

  it('rejects with the errors of one in this process', async () => {
    const { url, workspace } = await start();
    const errorOf = (promise: Promise<unknown>) => promise.catch((error: unknown) => error);
    const [remote, local] = [connectEmulator(url).workspace('key_a'), workspace('key_a')];
    const wrong = { concurrency: 0 };
    const error = await errorOf(remote.settings.change(wrong));
    expect(error).toBeInstanceOf(ApiError);
    expect(error).toMatchObject({
      code: 'invalid_request',
      message: ((await errorOf(local.settings.change(wrong))) as Error).message,
    });
    expect(await errorOf(remote.restore('none'))).toMatchObject({ code: 'not_found' });
    const filter = { operation: 'createBatchTest', timeout: '1ms' } as const;
    expect(await errorOf(remote.requests.wait(filter))).toMatchObject({ code: 'wait_timeout' });
    expect(() => connectEmulator(url).workspace('a b')).toThrow(ApiError);
  });

  it('is accepted with the control token', async () => {
    const { url } = await start({ controlToken: 'secret' });
    const steered = connectEmulator(url, { controlToken: 'secret' }).workspace('key_a');
    expect((await steered.settle()).runsEnded).toBe(0);
    const refused = connectEmulator(url).workspace('key_a').settle();
    await expect(refused).rejects.toMatchObject({ code: 'unauthorized' });
  });
});
