import { existsSync, mkdirSync, symlinkSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { connect } from 'node:net';
import { once } from 'node:events';
import { join } from 'node:path';
import Retell from 'retell-sdk';
import { describe, expect, it } from 'vitest';
import { optionSpecs, flagOf, variableOf } from '../../src/configuration/options.js';
import { buildEmulator } from '../support/emulator.js';
import { temporaryFolder } from '../support/files.js';
import { ManualClock } from '../support/manual-clock.js';
import { spawnCli, spawnInShell, startCli } from '../support/process.js';

const create = (url: string, key = 'key_cli') =>
  fetch(`${url}/create-batch-test`, {
    method: 'POST',
    headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
    body: JSON.stringify({
      test_case_definition_ids: ['a'],
      response_engine: { type: 'retell-llm', llm_id: 'llm_1' },
    }),
  });

describe('the command', () => {
  it('prints one Ready line with its true URL and seed, and a first request that works', async () => {
    const cwd = temporaryFolder();
    const { emulator, url } = await startCli({ cwd, args: ['--seed', 'abc'] });
    const readyLines = emulator.stdout.split('\n').filter((line) => line.startsWith('Ready:'));
    expect(readyLines).toEqual([`Ready: ${url} (seed: abc)`]);
    expect(url).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
    expect((await create(url)).status).toBe(201);
    expect(existsSync(join(cwd, '.retell-emulator/emulator.sqlite'))).toBe(true);

    const [, example = ''] = /curl (.*?)\n\n/s.exec(emulator.stdout) ?? [];
    const [, path = ''] = /^(\S+)/.exec(example) ?? [];
    const headers = [...example.matchAll(/-H '([^:]+): ([^']+)'/g)].map(
      ([, name = '', value = '']) => [name, value] as [string, string],
    );
    const [, body = ''] = /-d '([^']+)'/.exec(example) ?? [];
    expect((await fetch(path, { method: 'POST', headers, body })).status).toBe(201);
  });

  it('logs one JSON line for each request to standard error, without the key', async () => {
    const { emulator, url } = await startCli({ cwd: temporaryFolder() });
    await create(url, 'key_confidential');
    await emulator.kill('SIGTERM');
    const lines = emulator.stderr
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as Record<string, unknown>);
    expect(lines).toContainEqual(
      expect.objectContaining({ operation: 'createBatchTest', status: 201, level: 30 }),
    );
    expect(emulator.stderr + emulator.stdout).not.toContain('key_confidential');
  });

  it('stores no key as plain text on disk', async () => {
    const cwd = temporaryFolder();
    const args = ['--api-key', 'key_confidential', '--database', 'jobs.sqlite'];
    const { emulator, url } = await startCli({ cwd, args });
    expect((await create(url, 'key_confidential')).status).toBe(201);
    expect((await create(url, 'key_other')).status).toBe(401);
    await emulator.kill('SIGTERM');
    expect(readFileSync(join(cwd, 'jobs.sqlite')).includes('key_confidential')).toBe(false);
    expect(emulator.stdout).toContain('Bearer YOUR_API_KEY');
  });

  it('accepts control requests without a key even if it accepts some keys only', async () => {
    const args = ['--api-key', 'key_a', '--control-token', 'secret'];
    const { url } = await startCli({ cwd: temporaryFolder(), args });
    const ask = (authorization: string) =>
      fetch(`${url}/_emulator/metrics`, { headers: { authorization } });
    expect((await ask('Bearer secret')).status).toBe(200);
    expect((await ask('Bearer other')).status).toBe(401);
  });

  it('reads options from flags, environment and file', async () => {
    const cwd = temporaryFolder();
    writeFileSync(join(cwd, 'retell-emulator.yaml'), 'seed: from-file\ndatabase: ":memory:"\n');
    const first = await startCli({ cwd });
    expect(first.emulator.stdout).toContain('(seed: from-file)');
    const env = { RETELL_EMULATOR_SEED: 'from-environment', RETELL_EMULATOR_CONFIG: '' };
    const second = await startCli({ cwd, env });
    expect(second.emulator.stdout).toContain('(seed: from-environment)');
    const third = await startCli({ cwd, env, args: ['--seed', 'from-flag'] });
    expect(third.emulator.stdout).toContain('(seed: from-flag)');
    expect(existsSync(join(cwd, '.retell-emulator'))).toBe(false);
  });

  it('warns that fixtures are not loaded into existing workspaces', async () => {
    const cwd = temporaryFolder();
    writeFileSync(join(cwd, 'fixtures.yaml'), 'settings: { concurrency: 3 }');
    const args = ['--fixtures', 'fixtures.yaml'];
    const warning = 'the database has workspaces already';
    for (const isExpected of [false, true]) {
      const { emulator } = await startCli({ cwd, args });
      await emulator.kill('SIGTERM');
      expect(emulator.stderr.includes(warning)).toBe(isExpected);
    }
    const { emulator } = await startCli({ cwd });
    await emulator.kill('SIGTERM');
    expect(emulator.stderr).not.toContain(warning);
  });

  it('warns once that the time of the database is ahead, and continues from there', async () => {
    const cwd = temporaryFolder();
    const clock = new ManualClock(Date.now() + 10 * 24 * 3_600_000);
    const { emulator: before } = buildEmulator({ database: join(cwd, 'ahead.sqlite'), clock });
    before.workspaces.open('workspace');
    before.close();
    const { emulator } = await startCli({ cwd, args: ['--database', 'ahead.sqlite'] });
    await emulator.kill('SIGTERM');
    const warnings = emulator.stderr.split('\n').filter((line) => line.includes('is ahead of'));
    expect(warnings).toHaveLength(1);
  });

  it('reads a config file that ends in .yml, and does not choose between two', async () => {
    const cwd = temporaryFolder();
    writeFileSync(join(cwd, 'retell-emulator.yml'), 'seed: from-yml\ndatabase: ":memory:"\n');
    const { emulator } = await startCli({ cwd, args: ['--no-validate-responses'] });
    expect(emulator.stdout).toContain('(seed: from-yml)');
    writeFileSync(join(cwd, 'retell-emulator.yaml'), '');
    const refused = spawnCli({ cwd });
    expect((await refused.end()).code).toBe(2);
    expect(refused.stderr).toContain('retell-emulator.yaml and retell-emulator.yml');
  });

  it('lists every option with its variable under --help, and its version under --version', async () => {
    const help = spawnCli({ cwd: temporaryFolder(), args: ['--help'] });
    expect((await help.end()).code).toBe(0);
    for (const { name } of optionSpecs) {
      expect(help.stdout).toContain(flagOf(name));
      expect(help.stdout.replaceAll(/\s+/g, ' ')).toContain(variableOf(name));
    }
    const version = spawnCli({ cwd: temporaryFolder(), args: ['--version'] });
    expect((await version.end()).code).toBe(0);
    expect(version.stdout).toMatch(/^\d+\.\d+\.\d+\n$/);
  });

  it.each([
    [['--port', 'abc'], '--port is "abc", which is not allowed: must be a whole number'],
    [['--prot', '1'], "unknown option '--prot'"],
    [['--port'], "option '--port <PORT>' argument missing"],
    [['start'], 'there is no argument "start"'],
    [['--config', 'rules.yaml'], 'rules.yaml: /outcomeRules must be array'],
    [['--config', 'missing.yaml'], 'cannot read config file missing.yaml: ENOENT'],
    [['--config', 'broken.yaml'], 'cannot read config file broken.yaml: '],
  ])('ends %j with exit code 2 and one line', async (args, message) => {
    const cwd = temporaryFolder();
    writeFileSync(join(cwd, 'broken.yaml'), 'port: [1');
    writeFileSync(join(cwd, 'rules.yaml'), 'outcomeRules: none');
    const refused = spawnCli({ cwd, args });
    expect((await refused.end()).code).toBe(2);
    expect(refused.stderr).toContain(message);
    expect(refused.stderr).toMatch(/^retell-emulator: [^\n]+\n$/);
    expect(refused.stdout).toBe('');
  });

  it('ends with exit code 1 and one line when the port is in use', async () => {
    const holder = createServer().listen(0, '127.0.0.1');
    await once(holder, 'listening');
    const port = String((holder.address() as AddressInfo).port);
    const refused = spawnCli({ cwd: temporaryFolder(), args: ['--port', port] });
    expect((await refused.end()).code).toBe(1);
    expect(refused.stderr).toMatch(
      new RegExp(
        `^retell-emulator: cannot listen on 127.0.0.1:${port}: the port is in use[^\\n]+\\n$`,
      ),
    );
    holder.close();
  });

  it('ends with exit code 1 and one line when the database is not usable', async () => {
    const cwd = temporaryFolder();
    writeFileSync(join(cwd, 'letter.txt'), 'Dear SQLite');
    mkdirSync(join(cwd, 'folder'));
    symlinkSync(join(cwd, 'none', 'x.sqlite'), join(cwd, 'dangling'));
    symlinkSync('loop', join(cwd, 'loop'));
    const names = ['letter.txt', 'folder', 'dangling', 'loop', 'x'.repeat(300), '/proc/x.sqlite'];
    await Promise.all(
      names.map(async (database) => {
        const refused = spawnCli({ cwd, args: ['--database', database] });
        expect((await refused.end()).code).toBe(1);
        expect(refused.stderr).toMatch(/^retell-emulator: [^\n]+\n$/);
      }),
    );
    expect(readFileSync(join(cwd, 'letter.txt'), 'utf8')).toBe('Dear SQLite');
  });

  it('refuses a file that another emulator has open', async () => {
    const cwd = temporaryFolder();
    await startCli({ cwd });
    const second = spawnCli({ cwd, args: ['--port', '0'] });
    expect((await second.end()).code).toBe(1);
    expect(second.stderr).toContain('in use by another process');
  });
});

describe('a signal', () => {
  it.each(['SIGTERM', 'SIGINT'] as const)(
    '%s ends it with exit code 0, checkpointed',
    async (signal) => {
      const cwd = temporaryFolder();
      const { emulator, url } = await startCli({ cwd, args: ['--run-duration', '1h'] });
      await create(url);
      expect(await emulator.kill(signal)).toEqual({ code: 0, signal: null });
      const file = join(cwd, '.retell-emulator/emulator.sqlite');
      expect(existsSync(`${file}-wal`)).toBe(false);
      expect(emulator.stderr).not.toContain('"level":50');
    },
  );

  it('lets an open request finish', async () => {
    const { emulator, url } = await startCli({ cwd: temporaryFolder() });
    const body = JSON.stringify({
      test_case_definition_ids: ['a'],
      response_engine: { type: 'retell-llm', llm_id: 'llm_1' },
    });
    const socket = connect(Number(new URL(url).port), '127.0.0.1');
    const head = [
      'POST /create-batch-test HTTP/1.1',
      'host: localhost',
      'authorization: Bearer key_cli',
      'content-type: application/json',
      `content-length: ${String(body.length)}`,
    ];
    socket.write(`${head.join('\r\n')}\r\nexpect: 100-continue\r\n\r\n`);
    // "100 Continue" says that the request has come in.
    await once(socket, 'data');
    emulator.signal('SIGTERM');
    socket.write(body);
    const [answer] = (await once(socket, 'data')) as [Buffer];
    expect(answer.toString()).toMatch(/^HTTP\/1\.1 201 /);
    expect((await emulator.end()).code).toBe(0);
  });

  it('ends it even if a client has sent half a request', async () => {
    const { emulator, url } = await startCli({ cwd: temporaryFolder() });
    const socket = connect(Number(new URL(url).port), '127.0.0.1');
    socket.on('error', () => undefined);
    socket.write('POST /create-batch-test HTTP/1.1\r\nhost: x\r\nauthorization: Bearer k\r\n');
    socket.write(
      'content-type: application/json\r\ncontent-length: 9\r\nexpect: 100-continue\r\n\r\n',
    );
    await once(socket, 'data');
    expect(await emulator.kill('SIGTERM')).toEqual({ code: 0, signal: null });
  });
});

describe('npm start', () => {
  it('ends the emulator when its shell exits at a signal', async () => {
    const cwd = temporaryFolder();
    const env = { npm_lifecycle_event: 'start' };
    const emulator = spawnInShell({ cwd, env, args: ['--port', '0', '--database', ':memory:'] });
    await emulator.ready();
    // The pipes close when the last process that holds them is gone.
    expect(await emulator.kill('SIGTERM')).toMatchObject({ signal: 'SIGTERM' });
  });
});

describe('kill -9', () => {
  it('loses no batch that was acknowledged, and a restart completes them all', async () => {
    const cwd = temporaryFolder();
    const args = ['--run-duration', '200ms..600ms', '--concurrency', '5'];
    const first = await startCli({ cwd, args });
    const sdkAt = (baseURL: string) => new Retell({ apiKey: 'key_cli', baseURL, maxRetries: 0 });
    const client = sdkAt(first.url);
    const createdIds: string[] = [];
    for (let size = 1; size <= 8; size += 1) {
      const created = await client.tests.createBatchTest({
        test_case_definition_ids: Array.from({ length: size }, (_, index) => String(index)),
        response_engine: { type: 'conversation-flow', conversation_flow_id: 'flow', version: size },
      });
      createdIds.push(created.test_case_batch_job_id);
    }
    const [id = ''] = createdIds;
    let before = await client.tests.getBatchTest(id);
    while (before.status === 'in_progress') before = await client.tests.getBatchTest(id);
    expect(await first.emulator.kill('SIGKILL')).toMatchObject({ signal: 'SIGKILL' });

    const second = await startCli({ cwd, args });
    const seedOf = (output: string) => /\(seed: (\w+)\)/.exec(output)?.[1];
    expect(seedOf(second.emulator.stdout)).toBe(seedOf(first.emulator.stdout));
    const again = sdkAt(second.url);
    expect(await again.tests.getBatchTest(id)).toEqual(before);
    for (const [index, createdId] of createdIds.entries()) {
      let batch = await again.tests.getBatchTest(createdId);
      while (batch.status === 'in_progress') batch = await again.tests.getBatchTest(createdId);
      expect(batch.total_count).toBe(index + 1);
      expect(batch.pass_count + batch.fail_count + batch.error_count).toBe(index + 1);
      expect(batch.response_engine).toMatchObject({ version: index + 1 });
      expect(batch.user_modified_timestamp).toBeGreaterThanOrEqual(batch.creation_timestamp);
    }
  });
});
