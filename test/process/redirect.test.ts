import { execFile } from 'node:child_process';
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startEmulator, type RetellEmulator } from '../../src/index.js';
import { temporaryFolder } from '../support/files.js';

const run = promisify(execFile);

let emulator: RetellEmulator;
beforeAll(async () => {
  emulator = await startEmulator();
});
afterAll(() => emulator.close());

/** A program that has the vendor's host written into it, in a folder with the package. */
function install(files: Record<string, string>): string {
  const folder = temporaryFolder();
  const modules = join(folder, 'node_modules');
  mkdirSync(modules);
  symlinkSync(resolve('.'), join(modules, 'retell-emulator'));
  for (const name of ['retell-sdk', 'axios']) {
    symlinkSync(resolve('node_modules', name), join(modules, name));
  }
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
  return folder;
}

async function runNode(args: string[], cwd: string, env: Record<string, string> = {}) {
  const { stdout } = await run(process.execPath, args, {
    cwd,
    env: { PATH: process.env['PATH'], RETELL_EMULATOR_URL: emulator.url, ...env },
  });
  return stdout;
}

const program = `
  import https from 'node:https';
  import axios from 'axios';
  import Retell from 'retell-sdk';
  const vendor = 'https://api.retellai.com';
  const headers = { authorization: 'Bearer key_program' };
  const { llm_id } = await new Retell({ apiKey: 'key_program' }).llm.create({});
  const path = vendor + '/get-retell-llm/' + llm_id;
  const answers = [
    await fetch(path, { headers }).then((response) => response.json()),
    await axios.get(path, { headers }).then(({ data }) => data),
    await new Promise((resolve) => {
      https.get(path, { headers }, async (response) => {
        resolve(JSON.parse(Buffer.concat(await response.toArray())));
      });
    }),
  ];
  console.log(answers.map((answer) => answer.llm_id === llm_id).join());`;

const commonJs = `
  const { get } = require('node:https');
  get('https://api.retellai.com/get-agent/a', { headers: { authorization: 'Bearer a' } }, (response) => {
    console.log(response.statusCode);
    response.resume();
  });`;

describe('the preload', () => {
  it('redirects a program with --import', async () => {
    const folder = install({ 'app.mjs': program });
    expect(await runNode(['--import', 'retell-emulator/redirect', 'app.mjs'], folder)).toBe(
      'true,true,true\n',
    );
  });

  it('redirects a program with --require, and one whose code is CommonJS', async () => {
    const folder = install({ 'app.mjs': program, 'app.cjs': commonJs });
    expect(await runNode(['--require', 'retell-emulator/redirect', 'app.mjs'], folder)).toBe(
      'true,true,true\n',
    );
    expect(await runNode(['--require', 'retell-emulator/redirect', 'app.cjs'], folder)).toBe(
      '404\n',
    );
  });

  it('redirects threads, and processes that Node starts with NODE_OPTIONS', async () => {
    const folder = install({
      'child.cjs': commonJs,
      'thread.mjs': `
        import { Worker } from 'node:worker_threads';
        new Worker('./child.cjs');`,
      'process.mjs': `
        import { execFileSync } from 'node:child_process';
        process.stdout.write(execFileSync(process.execPath, ['child.cjs']));`,
    });
    const flags = ['--import', 'retell-emulator/redirect'];
    expect(await runNode([...flags, 'thread.mjs'], folder)).toBe('404\n');
    const env = { NODE_OPTIONS: flags.join(' ') };
    expect(await runNode(['process.mjs'], folder, env)).toBe('404\n');
  });

  it('uses the default address, and says so if nothing answers there', async () => {
    const folder = install({
      'app.mjs': `
        await fetch('https://api.retellai.com/list-voices').catch(({ cause }) => {
          console.log(cause.message);
        });`,
    });
    const flags = ['--import', 'retell-emulator/redirect', 'app.mjs'];
    // Port 9 is reserved, and nothing answers there.
    const env = { RETELL_EMULATOR_URL: 'http://127.0.0.1:9' };
    expect(await runNode(flags, folder, env)).toMatch(
      /^retell-emulator\/redirect: no emulator answers at http:\/\/127\.0\.0\.1:9 \(ECONNREFUSED\)\./,
    );
    const print = `
      import { redirectRetell } from 'retell-emulator/redirect';
      const shared = globalThis[Symbol.for('retell-emulator.redirect')];
      console.log(shared.preloaded.url.href, typeof redirectRetell);`;
    const printed = await runNode(['--input-type=module', '--eval', print], folder, {
      RETELL_EMULATOR_URL: '',
    });
    expect(printed).toBe('http://127.0.0.1:4010/ function\n');
  });

  it('ends the start of a program if the address is none of an emulator', async () => {
    const folder = install({ 'app.mjs': '' });
    const started = runNode(['--import', 'retell-emulator/redirect', 'app.mjs'], folder, {
      RETELL_EMULATOR_URL: '127.0.0.1:4010',
    });
    await expect(started).rejects.toMatchObject({
      code: 1,
      stderr: expect.stringContaining(
        'the URL of the emulator must be like http://127.0.0.1:4010',
      ) as string,
    });
  });

  it('is shared by all copies of it, also in the global objects that Jest makes', async () => {
    const script = `
      import { createRequire } from 'node:module';
      import https from 'node:https';
      import { createContext, compileFunction } from 'node:vm';
      import { readFileSync } from 'node:fs';
      import { redirectRetell } from 'retell-emulator';
      const require = createRequire(import.meta.url);
      const file = require.resolve('retell-emulator/redirect');
      const original = https.get;
      for (let index = 0; index < 3; index += 1) {
        const parsingContext = createContext({ fetch, process, URL });
        const module = { exports: {} };
        const parameters = ['module', 'exports', 'require'];
        compileFunction(readFileSync(file, 'utf8'), parameters, { parsingContext })(module, module.exports, require);
        redirectRetell({ to: 'http://127.0.0.1:9' })();
      }
      const { status } = await fetch('https://api.retellai.com/get-agent/a', { headers: { authorization: 'Bearer a' } });
      const replaced = https.get;
      require('retell-emulator/redirect');
      console.log(status, replaced !== original, https.get === replaced);`;
    const folder = install({});
    expect(await runNode(['--input-type=module', '--eval', script], folder)).toBe(
      '404 true true\n',
    );
  });
});
