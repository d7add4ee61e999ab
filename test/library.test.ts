import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { createCertificate } from './support/certificates.js';
import { startEmulator, StartupError, type StartOptions } from '../src/index.js';
import { optionSpecs } from '../src/configuration/options.js';
import { temporaryFolder } from './support/files.js';
import { clientOf, createBatch, runBatch, start } from './support/library.js';
import { newYear } from './support/manual-clock.js';

describe('startEmulator', () => {
  it('listens before it resolves, on a port of its own, and no more once it is closed', async () => {
    const [a, b] = [await start(), await start()];
    expect(a.url).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
    expect(a.url).not.toBe(b.url);
    expect((await fetch(`${a.url}/_emulator/ready`)).status).toBe(200);
    await a.close();
    await a.close();
    await expect(fetch(`${a.url}/_emulator/ready`)).rejects.toThrow('fetch failed');
    expect((await fetch(`${b.url}/_emulator/ready`)).status).toBe(200);
  });

  it('closes at the end of the block that it is used in', async () => {
    const urls: string[] = [];
    {
      await using emulator = await startEmulator();
      urls.push(emulator.url);
      await createBatch(emulator.workspace('key_a'), ['a']);
    }
    for (const url of urls) await expect(fetch(url)).rejects.toThrow('fetch failed');
  });

  it('refuses no request because the process is busy with other work', async () => {
    const { url } = await start();
    const end = performance.now() + 2500;
    while (performance.now() < end);
    await new Promise(setImmediate);
    const headers = { authorization: 'Bearer key_a' };
    expect((await fetch(`${url}/get-batch-test/x`, { headers })).status).toBe(404);
  });

  it('closes even if a request is waiting', async () => {
    const emulator = await start();
    const workspace = emulator.workspace('key_a');
    const { test_case_batch_job_id: id } = await createBatch(workspace, ['a']);
    const headers = { authorization: 'Bearer key_a' };
    const wait = `${emulator.url}/_emulator/batch-tests/${id}/wait`;
    const overHttp = expect(fetch(wait, { headers })).rejects.toThrow();
    const inProcess = expect(workspace.batchTests.wait(id)).rejects.toThrow(
      'The emulator was closed.',
    );
    await fetch(emulator.url);
    await emulator.close();
    await Promise.all([overHttp, inProcess]);
  });

  it('gives the same every time', async () => {
    const [a, b] = [await start(), await start()];
    const played = await runBatch(a.workspace('key_a'), 20);
    expect(await runBatch(b.workspace('key_a'), 20)).toEqual(played);
    expect(played.batch.creation_timestamp).toBe(newYear);
    expect(new Set(played.items.map(({ status }) => status)).size).toBeGreaterThan(1);
    const other = await start({ seed: 'other' });
    expect(await runBatch(other.workspace('key_a'), 20)).not.toEqual(played);
  });

  it('accepts the options of the command, with the names of the config file', async () => {
    const emulator = await start({
      ...{ clock: 'real', runDuration: '0ms', outcomes: { fail: 1 } },
      ...{ apiKey: ['key_a'], progression: { polls: 1 } },
    });
    const workspace = emulator.workspace('key_a');
    const { test_case_batch_job_id: id } = await createBatch(workspace, ['a']);
    const batch = await clientOf(workspace).tests.getBatchTest(id);
    expect(batch).toMatchObject({ status: 'complete', fail_count: 1 });
    expect(await workspace.clock.get()).toMatchObject({ mode: 'real', speed: 1 });
    await expect(createBatch({ ...workspace, apiKey: 'key_b' }, ['a'])).rejects.toMatchObject({
      status: 401,
    });
  });

  it('accepts every option of the command, and fixtures by value and by path', async () => {
    const file = join(temporaryFolder(), 'fixtures.yaml');
    writeFileSync(file, 'settings: { unknownEngines: reject }');
    const { files } = await createCertificate(temporaryFolder());
    const options: Required<StartOptions> = {
      ...{ database: ':memory:', host: '127.0.0.1', port: 0, apiKey: ['key_a'], clock: 'manual' },
      ...{ now: 0, fixtures: [file, { credit: 3 }], outcomeRules: [], faults: [], credit: 2 },
      callRules: [],
      chatRules: [],
      ...{ tlsCert: files.cert, tlsKey: files.key },
      ...{ journalSize: 1, control: 'on', controlToken: 'token', defaultApiKey: 'key_a' },
      ...{ controlHost: ['emulator.example'], cors: ['*'] },
      ...{ upstream: 'http://127.0.0.1:1', validateResponses: true, logLevel: 'silent' },
      ...{ seed: 's', concurrency: 1, runDuration: '1s', outcomes: 'pass=1', progression: 'time' },
      ...{ rateLimit: 'off', unknownTestCases: 'accept', unknownEngines: 'accept' },
      ...{ batchStartDelay: '0s', batchCompletionDelay: '0s', definitionSnapshot: 'documented' },
      ...{ unknownQuery: 'warn', validationErrors: 'observed', missing: 'documented' },
      ...{ creditMessage: 'No credit.', rateLimitMessage: 'Slower.' },
      ...{ unknownValues: 'warn', webhookUrl: 'off', webhookSigningKey: 'k' },
      ...{ webhookAllow: ['app', '*.example.com'], webhookRewrite: ['*=http://localhost:3000'] },
      ...{ signatureClock: 'real', webhookEventTimestamp: 'send', webhookCallKey: 'call' },
      ...{ webhookRetries: 3, webhookRetryPause: '1s' },
      ...{ unknownValues: 'warn', unknownNumbers: 'accept', deprecated: 'warn' },
      ...{ callDuration: '1s', ringDuration: '1s', analysisDelay: '1s', webCallJoin: '1s' },
      ...{ callOutcomes: { user_hangup: 1 }, concurrencyLimit: 1, concurrencyExceeded: 'end' },
      callsPerSecond: 1,
      ...{ customLlm: 'auto', customLlmTimeout: '5s' },
      ...{ knowledgeBaseDuration: '1s', knowledgeBaseOutcomes: 'complete=1', jobDuration: '1s' },
    };
    expect(Object.keys(options)).toEqual(
      expect.arrayContaining(optionSpecs.map(({ name }) => name)),
    );
    const workspace = (await start(options)).workspace('key_a');
    expect(await workspace.settings.get()).toMatchObject({ unknownEngines: 'reject', seed: 's' });
    expect(await workspace.credit.get()).toBe(3);
  });

  it('treats an undefined option as an absent one', async () => {
    const absent = { database: undefined, port: undefined, seed: undefined, clock: undefined };
    const [a, b] = [await start(absent as object), await start({ ...absent, now: null } as object)];
    expect(a.url).not.toBe(b.url);
    expect([a.seed, b.seed]).toEqual(['retell-emulator', 'retell-emulator']);
    const workspace = b.workspace('key_a');
    expect(await workspace.clock.get()).toEqual({ mode: 'manual', now: newYear });
  });

  it('begins at the given time with the given content', async () => {
    const fixtures = { definitions: [], settings: { concurrency: 3 } };
    const emulator = await start({ now: '2030-05-05T05:05:05Z', fixtures });
    const workspace = emulator.workspace('key_a');
    expect(await workspace.clock.get()).toMatchObject({ now: Date.UTC(2030, 4, 5, 5, 5, 5) });
    expect(await workspace.settings.get()).toMatchObject({ concurrency: 3 });
  });

  it.each<[unknown, string]>([
    [{ port: 'x' }, 'port in startEmulator is "x", which is not allowed: must be a whole number'],
    [{ runDuration: 'x' }, 'runDuration in startEmulator is "x"'],
    [{ prot: 1 }, 'startEmulator: there is no option "prot"'],
    [{ now: 'noon' }, 'now must be milliseconds since the epoch, or a date and time'],
    [{ now: 'noon', clock: 'real' }, 'now must be milliseconds since the epoch'],
    [{ now: 1.5 }, 'now must be milliseconds since the epoch, or a date and time'],
    [{ now: '2026-02-31T00:00:00Z' }, 'now must be milliseconds since the epoch'],
    [{ now: 0, clock: 'real' }, 'now requires the clock "manual"'],
    [null, 'startEmulator: the options must be an object'],
    [{ fixtures: 'none.yaml' }, 'cannot read fixtures none.yaml: ENOENT'],
    [{ seed: () => 'x' }, 'startEmulator: the options must be plain data'],
    [{ fixtures: { batch: [] } }, 'fixtures[0]: must NOT have the unknown property "batch"'],
    [{ host: '0.0.0.0' }, 'would let other machines use the control API'],
    [{ host: '192.0.2.1', control: 'off' }, 'this machine has no such address'],
  ])('rejects %j and says why', async (options, message) => {
    const error: unknown = await startEmulator(options as StartOptions).catch((e: unknown) => e);
    expect(error).toBeInstanceOf(StartupError);
    expect((error as Error).message).toContain(message);
  });

  it('rejects with the error that caused it', async () => {
    const { url } = await start();
    const error: unknown = await startEmulator({ port: Number(new URL(url).port) }).catch(
      (e: unknown) => e,
    );
    expect(error).toMatchObject({
      message: expect.stringContaining('set the option port to another, or to 0') as string,
      cause: { code: 'EADDRINUSE' },
    });
  });
});
