import { once } from 'node:events';
import { get, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';
import { waitFor } from '../../src/operations/control/waiting.js';
import { advance, plainSettings, buildStoppedApp } from '../support/control.js';
import { buildEmulator, buildTestApp } from '../support/emulator.js';

const waitUrl = (id: string, query = '') => `/_emulator/batch-tests/${id}/wait${query}`;

describe('waiting for a batch', () => {
  it('ends as soon as the batch is complete', async () => {
    const { client, clock } = buildTestApp({ settings: plainSettings });
    const a = client();
    const { test_case_batch_job_id: id } = await a.createBatchTest(['a', 'b']);
    let answered = false;
    const waiting = a.call('GET', waitUrl(id)).finally(() => (answered = true));
    await clock.advance(999);
    expect(answered).toBe(false);
    await clock.advance(1);
    expect(await waiting).toEqual({
      ...{ id, status: 'complete', totalCount: 2 },
      ...{ passCount: 2, failCount: 0, errorCount: 0 },
    });
  });

  it('ends at once if the batch has the status already', async () => {
    const { client } = buildStoppedApp({ settings: plainSettings });
    const { test_case_batch_job_id: id } = await client.createBatchTest();
    expect(await client.call('GET', waitUrl(id, '?status=in_progress'))).toMatchObject({ id });
    await advance(client, { until: 'idle' });
    expect(await client.call('GET', waitUrl(id))).toMatchObject({ status: 'complete' });
  });

  it.each(['clock', 'step', 'poll'])('sees what is done by %s', async (what) => {
    const progression = { clock: 'time', step: 'manual', poll: 'polls=1' }[what] ?? '';
    const { client } = buildStoppedApp({ settings: { ...plainSettings, progression } });
    const { test_case_batch_job_id: id } = await client.createBatchTest();
    const waiting = client.call('GET', waitUrl(id));
    if (what === 'clock') await advance(client, '1s');
    if (what === 'step') await client.call('POST', `/_emulator/batch-tests/${id}/step`);
    if (what === 'poll') await client.getBatchTest(id);
    expect(await waiting).toMatchObject({ status: 'complete' });
  });

  it('ends with 408 and the progress when the time is over', async () => {
    const { client, clock } = buildStoppedApp({ settings: plainSettings });
    const { test_case_batch_job_id: id } = await client.createBatchTest(['a', 'b']);
    const waiting = client.send({ method: 'GET', url: waitUrl(id, '?timeout=5s') });
    // The machine's clock counts, not the workspace's, which stands still.
    for (let turn = 0; clock.alarmCount === 0 && turn < 100; turn += 1) await clock.turn();
    await clock.advance(5000);
    const { status, body } = await waiting;
    expect(status).toBe(408);
    expect(body).toMatchObject({ status: 'error' });
    expect(body['message']).toMatch(
      /^The awaited condition did not hold in time\. After 5s the batch is in_progress: of 2 runs 0 passed, 0 f/,
    );
  });

  it('ends with 404 if the batch was deleted, or never existed', async () => {
    const { client } = buildStoppedApp({ settings: plainSettings });
    const { test_case_batch_job_id: id } = await client.createBatchTest();
    const waiting = client.send({ method: 'GET', url: waitUrl(id) });
    await client.call('POST', '/_emulator/reset', {});
    expect((await waiting).status).toBe(404);
    expect((await client.send({ method: 'GET', url: waitUrl(id) })).status).toBe(404);
  });

  it('leaves nothing behind when the client goes away', async () => {
    const { client, app, clock } = buildStoppedApp({ settings: plainSettings });
    const { test_case_batch_job_id: id } = await client.createBatchTest();
    await app.listen({ host: '127.0.0.1', port: 0 });
    const { port } = app.server.address() as AddressInfo;
    const headers = { authorization: 'Bearer key_a' };
    const request = get({ host: '127.0.0.1', port, path: waitUrl(id), headers });
    request.on('error', () => undefined);
    while (clock.alarmCount === 0) await clock.turn();
    request.destroy();
    while (clock.alarmCount > 0) await clock.turn();
  });

  it.each(['wait', 'latency'])('continues on an idle connection: %s', async (what) => {
    const { client, app, clock } = buildStoppedApp({ settings: plainSettings });
    const { test_case_batch_job_id: id } = await client.createBatchTest();
    await client.call('POST', '/_emulator/faults', { latency: '1h' });
    await app.listen({ host: '127.0.0.1', port: 0 });
    const { port } = app.server.address() as AddressInfo;
    const arrived = once(app.server, 'request') as Promise<[IncomingMessage]>;
    const path = what === 'wait' ? waitUrl(id, '?timeout=1h') : `/get-batch-test/${id}`;
    const request = get({
      host: '127.0.0.1',
      port,
      path,
      headers: { authorization: 'Bearer key_a' },
    });
    const answer = once(request, 'response') as Promise<[IncomingMessage]>;
    const [{ socket }] = await arrived;
    while (clock.alarmCount === 0) await clock.turn();
    socket.setTimeout(1);
    await once(socket, 'timeout');
    socket.setTimeout(0);
    await clock.advance(3_600_000);
    const [{ statusCode }] = await answer;
    request.destroy();
    expect(statusCode).toBe(what === 'wait' ? 408 : 200);
  });

  it.each([
    ['?status=done', /query\/status must be "in_progress" or "complete"/],
    ['?timeout=30', /query\/timeout must be a duration such as 2s or 500ms, with its unit/],
    [
      '?timeot=30s',
      /query must NOT have the unknown parameter "timeot" \(did you mean "timeout"\?\)/,
    ],
    ['?timeout=soon', /query\/timeout must be a duration such as 2s/],
  ])('%s is refused', async (query, message) => {
    const { client } = buildStoppedApp();
    const { test_case_batch_job_id: id } = await client.createBatchTest();
    const { status, body } = await client.send({ method: 'GET', url: waitUrl(id, query) });
    expect(status).toBe(400);
    expect(body['message']).toMatch(message);
  });
});

describe('waiting for anything', () => {
  const never = {
    ...{ workspace: 'a', subscribe: () => () => undefined },
    ...{ isThere: () => false, timeout: 1000 },
  };

  it('ends at once when the client has gone', async () => {
    const { emulator, clock } = buildEmulator();
    onTestFinished(() => {
      emulator.close();
    });
    await waitFor(emulator, { ...never, signal: AbortSignal.abort() });
    expect(clock.alarmCount).toBe(0);
  });

  it('is refused when the emulator was closed before', async () => {
    const { emulator, clock } = buildEmulator();
    emulator.close();
    await expect(waitFor(emulator, { ...never, signal: undefined })).rejects.toThrow(
      'The emulator cannot take requests now.',
    );
    expect(clock.alarmCount).toBe(0);
  });
});
