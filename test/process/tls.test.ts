import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import http from 'node:http';
import https from 'node:https';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { createCertificate } from '../support/certificates.js';
import { temporaryFolder } from '../support/files.js';
import { spawnCli, startCli } from '../support/process.js';

/** Starts the command with a certificate. Returns what asks it over HTTPS. */
async function serve() {
  const cwd = temporaryFolder();
  const { cert, files } = await createCertificate(cwd);
  const { url, emulator } = await startCli({
    ...{ cwd, args: ['--database', ':memory:'] },
    env: { RETELL_EMULATOR_TLS_CERT: files.cert, RETELL_EMULATOR_TLS_KEY: 'emulator.key' },
  });
  const ask = async (path: string, headers = {}, agent?: https.Agent) => {
    const options = { ca: cert, ...(agent && { agent }) };
    const request = https.get(url + path, { ...options, headers });
    const [response] = (await once(request, 'response')) as [http.IncomingMessage];
    const text = Buffer.concat((await response.toArray()) as Buffer[]).toString();
    return { status: response.statusCode, body: JSON.parse(text) as Record<string, unknown> };
  };
  return { url, emulator, ask, cert };
}

describe('the command with a certificate', () => {
  it('serves HTTPS, and says so', async () => {
    const { url, ask, emulator, cert } = await serve();
    expect(url).toMatch(/^https:\/\/127\.0\.0\.1:\d+$/);
    expect(emulator.stdout).toContain(`curl ${url}/create-batch-test`);
    expect(await ask('/_emulator/ready')).toMatchObject({ status: 200 });
    const headers = { authorization: 'Bearer key_tls' };
    expect(await ask('/get-agent/a', headers)).toMatchObject({
      ...{ status: 404, body: { message: 'Item a not found from agent' } },
    });
    // The web page of the reference is of the same origin.
    expect(await ask('/_emulator/settings', { origin: url })).toMatchObject({ status: 200 });
    const other = { origin: 'https://example.com' };
    expect(await ask('/_emulator/settings', other)).toMatchObject({ status: 403 });
    const agent = new https.Agent({ keepAlive: true, ca: cert });
    for (let index = 0; index < 3; index += 1) {
      expect(await ask('/_emulator/health', {}, agent)).toMatchObject({ status: 200 });
    }
    expect(await emulator.kill('SIGTERM')).toEqual({ code: 0, signal: null });
    agent.destroy();
  });

  it('closes connections that do not speak TLS, and goes on', async () => {
    const { url, ask } = await serve();
    const request = http.get(url.replace('https:', 'http:'));
    await expect(once(request, 'response')).rejects.toMatchObject({ code: 'ECONNRESET' });
    expect(await ask('/_emulator/ready')).toMatchObject({ status: 200 });
  });

  it.each<[string, string[], RegExp]>([
    [
      'one of the two options',
      ['--tls-cert', 'emulator.pem'],
      /^tlsCert \(--tls-cert\) and tlsKey \(--tls-key\) must be given together$/,
    ],
    [
      'the other one',
      ['--tls-key', 'emulator.key'],
      /^tlsCert \(--tls-cert\) and tlsKey \(--tls-key\) must be given together$/,
    ],
    [
      'a file that does not exist',
      ['--tls-cert', 'none.pem', '--tls-key', 'emulator.key'],
      /^cannot read tlsCert none\.pem: ENOENT: no such file/,
    ],
    [
      'a file that is none',
      ['--tls-cert', 'emulator.pem', '--tls-key', '.'],
      /^cannot read tlsKey \.: EISDIR/,
    ],
    [
      'a certificate that is none',
      ['--tls-cert', 'text.pem', '--tls-key', 'emulator.key'],
      /^tlsCert text\.pem must have a certificate as PEM$/,
    ],
    [
      'files in the wrong order',
      ['--tls-cert', 'emulator.key', '--tls-key', 'emulator.pem'],
      /^tlsCert emulator\.key must have a certificate as PEM$/,
    ],
    [
      'a key that is none',
      ['--tls-cert', 'emulator.pem', '--tls-key', 'text.pem'],
      /^tlsKey text\.pem must have a private key as PEM, without a password$/,
    ],
    [
      'the key of another certificate',
      ['--tls-cert', 'emulator.pem', '--tls-key', 'other.key'],
      /^tlsKey other\.key is not the key of the certificate in tlsCert emulator\.pem$/,
    ],
  ])('refuses %s in one line', async (_what, args, expected) => {
    const cwd = temporaryFolder();
    await createCertificate(cwd);
    await createCertificate(cwd, 'other');
    writeFileSync(join(cwd, 'text.pem'), 'no PEM\n');
    const refused = spawnCli({ cwd, args: ['--port', '0', '--database', ':memory:', ...args] });
    expect(await refused.end()).toMatchObject({ code: 2 });
    const [, line = ''] = /^retell-emulator: (.*)\n$/.exec(refused.stderr) ?? [];
    expect(line, refused.stderr).toMatch(expected);
  });
});
