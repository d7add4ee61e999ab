import { describe, expect, it } from 'vitest';
import { loadContract } from '../../src/contract/document.js';
import { plainSettings } from '../support/control.js';
import { buildTestApp, thisMachine } from '../support/emulator.js';

type Access = typeof thisMachine;

/** Sends a reset, and tells whether it took place. */
async function tryReset(access: Partial<Access> | 'off', headers: Record<string, string>) {
  const controlAccess = access === 'off' ? undefined : { ...thisMachine, ...access };
  const { app, client, emulator } = buildTestApp({ controlAccess, settings: plainSettings });
  const a = client('key_a');
  const { test_case_batch_job_id: id } = await a.createBatchTest();
  const named = { authorization: 'Bearer key_a', host: '127.0.0.1:4010', ...headers };
  const present = Object.entries(named).filter(([, value]) => value !== '');
  const answer = await app.inject({
    ...{ method: 'POST', url: '/_emulator/reset', payload: {} },
    headers: Object.fromEntries(present),
  });
  const { status: left } = await a.send({ method: 'GET', url: `/get-batch-test/${id}` });
  return {
    status: answer.statusCode,
    body: answer.json<{ message?: string }>(),
    done: left === 404,
    workspaces: emulator.workspaces.listNames().length,
  };
}

describe('the control API', () => {
  it.each([
    { host: '127.0.0.1:4010' },
    { host: 'localhost:4010' },
    { host: '[::1]:4010' },
    { host: 'retell.localhost' },
    { origin: 'http://127.0.0.1:4010' },
    { host: 'LOCALHOST:4010', origin: 'http://localhost:4010' },
  ])('accepts requests from this machine: %j', async (headers) => {
    expect(await tryReset({}, headers)).toMatchObject({ status: 200, done: true });
  });

  it.each([
    { host: 'evil.example' },
    { host: 'evil.example:4010' },
    { host: '127.0.0.1.evil.example' },
    { host: 'localhost.evil.example' },
    { host: '192.168.1.5:4010' },
    { origin: 'https://evil.example' },
    { origin: 'http://127.0.0.1:3000' },
    { origin: 'https://127.0.0.1:4010' },
    { origin: 'null' },
    { host: 'localhost:4010', origin: 'http://127.0.0.1:4010' },
  ])('refuses a web page of another origin, and does nothing: %j', async (headers) => {
    const answer = await tryReset({}, headers);
    expect(answer).toMatchObject({ status: 403, done: false, workspaces: 1 });
    const message = expect.stringMatching(/^Forbidden\. \S/) as unknown;
    expect(answer.body).toMatchObject({ status: 'error', message });
    const reading = buildTestApp();
    const read = await reading.app.inject({ url: '/_emulator/export', headers });
    expect(read.statusCode).toBe(403);
    expect(reading.emulator.workspaces.listNames()).toEqual([]);
  });

  it('accepts the host name that it listens on', async () => {
    const access = { host: 'emulator.test' };
    expect(await tryReset(access, { host: 'emulator.test:4010' })).toMatchObject({ done: true });
  });

  it.each([
    'retell:4010',
    'retell_emulator:4010',
    '192.168.1.5:4010',
    '[fd00::5]:4010',
    'localhost:4010',
  ])('accepts names that nobody can register if it is open: %s', async (host) => {
    const open = { mode: 'open' } as const;
    expect(await tryReset(open, { host })).toMatchObject({ status: 200, done: true });
    const origin = `http://${host}`;
    expect(await tryReset(open, { host, origin })).toMatchObject({ status: 200, done: true });
    expect(await tryReset(open, { host, origin: 'http://evil.example' })).toMatchObject({
      status: 403,
      done: false,
    });
  });

  it.each(['on', 'open'] as const)(
    'refuses a page whose host name resolves to this machine, with control %s',
    async (mode) => {
      const host = 'rebound.evil.example:4010';
      const answer = await tryReset({ mode }, { host, origin: `http://${host}` });
      expect(answer).toMatchObject({ status: 403, done: false });
      expect(answer.body.message).toContain(
        'under the host name "rebound.evil.example". Start with --control-host rebound.evil.example',
      );
    },
  );

  it.each(['on', 'open'] as const)(
    'accepts the given host names, with control %s',
    async (mode) => {
      const access = { mode, otherHosts: ['Emulator.Corp.example'] };
      const host = 'emulator.corp.example:4010';
      expect(await tryReset(access, { host })).toMatchObject({ status: 200, done: true });
      expect(await tryReset(access, { host: 'corp.example' })).toMatchObject({ status: 403 });
    },
  );

  it.each([
    ['cross-site', 403],
    ['same-site', 403],
    ['same-origin', 200],
    ['none', 200],
  ])("relies on the browser's headers: %s", async (site, status) => {
    const headers = { 'sec-fetch-site': site };
    expect(await tryReset({}, headers)).toMatchObject({ status, done: status === 200 });
  });

  it('does not exist if it is off, but health checks do', async () => {
    expect(await tryReset('off', {})).toMatchObject({ status: 404, done: false });
    const { app, client } = buildTestApp({ controlAccess: undefined });
    expect((await app.inject('/_emulator/health')).statusCode).toBe(200);
    const { body } = await client().send({ method: 'GET', url: '/_emulator/clock' });
    expect(body['message']).toMatch(/no GET \/_emulator\/clock; the control API is off/);
  });

  it('is not described when it is off', async () => {
    const { app } = buildTestApp({ controlAccess: undefined });
    for (const file of ['openapi.json', 'openapi.yaml', 'retell.yaml']) {
      expect((await app.inject(`/_emulator/${file}`)).statusCode).toBe(404);
    }
    const { body } = await app.inject('/docs/static/swagger-initializer.js');
    expect(body).toContain('/openapi.json');
    expect(body).not.toContain('/_emulator');
  });

  it('requires its token if there is one, and reads the key from another header', async () => {
    const access = { token: 'secret' };
    for (const authorization of ['', 'Bearer key_a', 'Bearer secret2', 'Basic secret']) {
      expect(await tryReset(access, { authorization })).toMatchObject({ status: 401, done: false });
    }
    const authorization = 'Bearer secret';
    const named = { authorization, 'x-emulator-api-key': 'key_a' };
    expect(await tryReset(access, named)).toMatchObject({ status: 200, done: true });
    expect(await tryReset(access, { authorization })).toMatchObject({ status: 200, done: false });
    const defaultApiKey = 'key_a';
    expect(await tryReset({ ...access, defaultApiKey }, { authorization })).toMatchObject({
      done: true,
    });
  });

  it('acts on the default workspace if there is no key', async () => {
    const authorization = '';
    expect(await tryReset({}, { authorization })).toMatchObject({ status: 200, done: false });
    expect(await tryReset({ defaultApiKey: 'key_a' }, { authorization })).toMatchObject({
      status: 200,
      done: true,
    });
  });

  it('refuses a key that the emulator does not accept', async () => {
    const { app } = buildTestApp({ apiKeys: ['key_a'] });
    const url = '/_emulator/clock';
    const headers = (key: string) => ({ authorization: `Bearer ${key}` });
    expect((await app.inject({ url, headers: headers('key_b') })).statusCode).toBe(401);
    expect((await app.inject({ url, headers: headers('key_a') })).statusCode).toBe(200);
  });

  const guarded = loadContract('control').operations.filter(({ needsKey }) => needsKey);

  it.each(guarded)('documents the refusals of $id', async (operation) => {
    const { method, path, hasBody, statuses } = operation;
    // An export may be longer than any test sends.
    const hasLimit = operation.id !== 'loadFixtures';
    const { app } = buildTestApp({ controlAccess: { ...thisMachine, token: 'secret' } });
    const sendWith = async (headers: Record<string, string>, payload?: string) => {
      const request = { headers, ...(payload !== undefined && { payload }) };
      return (await app.inject({ method, url: path, ...request })).statusCode;
    };
    const authorization = 'Bearer secret';
    const refusals = [
      await sendWith({}),
      await sendWith({ authorization, origin: 'http://evil.example' }),
    ];
    if (hasBody) {
      const tooLong = ' '.repeat(5 * 1024 * 1024 + 1);
      refusals.push(await sendWith({ authorization, 'content-type': 'text/plain' }, 'x'));
      if (hasLimit) {
        refusals.push(
          await sendWith({ authorization, 'content-type': 'application/json' }, tooLong),
        );
      }
    }
    const [withBody, tooLarge] = [hasBody ? [415] : [], hasBody && hasLimit ? [413] : []];
    expect(refusals).toEqual([401, 403, ...withBody, ...tooLarge]);
    expect(statuses).toEqual(expect.arrayContaining(refusals));
  });
});
