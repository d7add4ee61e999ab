import { execFile } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';
import type { Call } from '../support/calls.js';
import { temporaryFolder } from '../support/files.js';
import { startLlmServer } from '../support/llm-server.js';
import { startCli } from '../support/process.js';

const headers = { authorization: 'Bearer key_local', 'content-type': 'application/json' };

async function send<Body>(url: string, method: string, path: string, body?: object) {
  const response = await fetch(`${url}${path}`, {
    ...{ method, headers },
    ...(body && { body: JSON.stringify(body) }),
  });
  expect(response.ok, path).toBe(true);
  return (await response.json()) as Body;
}

async function placeCall(url: string, server: string): Promise<string> {
  const { agent_id: override_agent_id } = await send<Call>(url, 'POST', '/create-agent', {
    response_engine: { type: 'custom-llm', llm_websocket_url: server },
    voice_id: '11labs-Adrian',
  });
  const { call_id } = await send<Call>(url, 'POST', '/v2/create-phone-call', {
    ...{ from_number: '+14157774444', to_number: '+12137774445', override_agent_id },
  });
  return call_id;
}

const args = ['--ring-duration', '1ms', '--call-outcomes', 'user_hangup=1'];

it('the command holds a call with a server, on the clock of the machine', async () => {
  const server = await startLlmServer({
    onOpen: ({ respond }) => {
      respond(0, 'Wrong number, bye.', { end_call: true });
    },
  });
  const { url } = await startCli({ cwd: temporaryFolder(), args });
  const id = await placeCall(url, server.url);
  await expect
    .poll(() => send<Call>(url, 'GET', `/v2/get-call/${id}`), { timeout: 20_000 })
    .toMatchObject({
      ...{ call_status: 'ended', disconnection_reason: 'agent_hangup' },
      transcript: 'Agent: Wrong number, bye.',
    });
  // The server learns of it after the clients.
  await expect.poll(() => server.closes, { timeout: 20_000 }).toEqual([1000]);
});

it('a process that is killed in mid-call ends the call when it comes back, and others begin', async () => {
  const server = await startLlmServer();
  const cwd = temporaryFolder();
  const database = ['--database', join(cwd, 'calls.sqlite')];
  const first = await startCli({ cwd, args: [...args, ...database] });
  const id = await placeCall(first.url, server.url);
  // What was said is stored before the server learns of it.
  await expect.poll(() => JSON.stringify(server.frames), { timeout: 20_000 }).toContain('Hello');
  await first.emulator.kill('SIGKILL');
  const { url, emulator } = await startCli({ cwd, args: [...args, ...database] });
  expect(await send<Call>(url, 'GET', `/v2/get-call/${id}`)).toMatchObject({
    ...{ call_status: 'error', disconnection_reason: 'error_llm_websocket_lost_connection' },
    transcript: expect.stringMatching(/^Agent: Hello/) as string,
  });
  const other = await placeCall(url, server.url);
  await expect.poll(() => server.urls.at(-1), { timeout: 20_000 }).toBe(`/llm/${other}`);
  expect((await emulator.kill('SIGTERM')).code).toBe(0);
  await expect.poll(() => server.closes).toHaveLength(2);
});

it('the library holds a call while the timers of node:test are fake', async () => {
  const server = await startLlmServer();
  const library = JSON.stringify(resolve('dist/index.js'));
  const file = join(temporaryFolder(), 'fake.test.mjs');
  writeFileSync(
    file,
    `
      import test from 'node:test';
      import assert from 'node:assert/strict';
      import { startEmulator } from ${library};
      test('fake', async ({ mock }) => {
        mock.timers.enable();
        const emulator = await startEmulator({ callOutcomes: 'user_hangup=1' });
        const workspace = emulator.workspace('key_fake');
        const post = async (path, body) => {
          const answer = await fetch(emulator.url + path, {
            method: 'POST',
            headers: { authorization: 'Bearer key_fake', 'content-type': 'application/json' },
            body: JSON.stringify(body),
          });
          return answer.json();
        };
        const { agent_id } = await post('/create-agent', {
          response_engine: { type: 'custom-llm', llm_websocket_url: '${server.url}' },
          voice_id: '11labs-Adrian',
        });
        const { call_id } = await post('/v2/create-phone-call', {
          from_number: '+14157774444', to_number: '+12137774445', override_agent_id: agent_id,
        });
        await workspace.settle();
        const { status } = await workspace.calls.explain(call_id);
        assert.equal(status, 'ended');
        await emulator.close();
      });`,
  );
  const run = promisify(execFile)(process.execPath, ['--test', file]);
  expect((await run).stdout).toMatch(/pass 1$/m);
  await expect.poll(() => server.closes).toEqual([1000]);
});
