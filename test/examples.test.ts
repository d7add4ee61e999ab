import { execFile, spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { optionSpecs, flagOf, variableOf } from '../src/configuration/options.js';
import { temporaryFolder } from './support/files.js';
import { spawnCommand } from './support/process.js';

const run = promisify(execFile);
const hasPython = spawnSync('python3', ['--version']).status === 0;
const readExample = (path: string) => readFileSync(`examples/${path}`, 'utf8');

interface Manifest {
  allowScripts?: Record<string, boolean>;
}

describe('the examples', () => {
  it('set variables and flags that exist', () => {
    const compose = parse(readExample('docker-compose/compose.yaml')) as {
      services: {
        retell: { environment: Record<string, string>; healthcheck: { test: string[] } };
      };
    };
    const { environment, healthcheck } = compose.services.retell;
    const variables = optionSpecs.map(({ name }) => variableOf(name));
    expect(variables).toEqual(expect.arrayContaining(Object.keys(environment)));
    expect(healthcheck.test.at(-1)).toContain('/_emulator/ready');
    const flags = optionSpecs.map(({ name }) => flagOf(name));
    for (const path of ['testcontainers/retell.test.js', 'github-actions/npx.yaml']) {
      const used = readExample(path).match(/(?<=[ '])--(?:database|progression)\b/g) ?? [];
      expect(used.length).toBeGreaterThan(0);
      expect(flags).toEqual(expect.arrayContaining([...used]));
    }
  });

  it("give the vendor's name to the emulator, with variables that exist", () => {
    const { services } = parse(readExample('hard-coded-host/compose.yaml')) as {
      services: { retell: { environment: object; networks: object } };
    };
    const variables = optionSpecs.map(({ name }) => variableOf(name));
    expect(variables).toEqual(expect.arrayContaining(Object.keys(services.retell.environment)));
    expect(services.retell.networks).toEqual({ default: { aliases: ['api.retellai.com'] } });
  });

  it('start only the servers with Compose, and the client on demand', () => {
    const { services } = parse(readExample('docker-compose/compose.yaml')) as {
      services: Record<string, { profiles?: string[]; healthcheck?: object }>;
    };
    const started = Object.keys(services).filter((name) => services[name]?.profiles === undefined);
    expect(started).toEqual(['retell']);
    expect(services).toMatchObject({
      client: { profiles: ['client'], depends_on: { retell: { condition: 'service_healthy' } } },
    });
  });

  it.each(['service-container', 'npx'])('have a workflow %s of jobs with steps', (name) => {
    const workflow = parse(readExample(`github-actions/${name}.yaml`)) as {
      on: string;
      jobs: { test: { steps: object[]; env: Record<string, string> } };
    };
    expect(workflow.on).toBe('push');
    expect(workflow.jobs.test.steps.length).toBeGreaterThan(2);
    expect(workflow.jobs.test.env['RETELL_BASE_URL']).toBe('http://127.0.0.1:4010');
  });

  it('wait for the emulator in the background as the workflow does', async () => {
    const workflow = parse(readExample('github-actions/npx.yaml')) as {
      jobs: { test: { steps: { name?: string; run?: string }[] } };
    };
    const script = workflow.jobs.test.steps.find(({ name }) => name === 'Start the emulator')?.run;
    const [start = '', wait = ''] = (script ?? '').split('\n');
    expect(start).toMatch(/^npx --no -- retell-emulator .* &$/);
    const args = start.replace(/^npx --no -- retell-emulator | > .*$/g, '').split(' ');
    const emulator = spawnCommand(process.execPath, ['dist/bin.js', '--port', '0', ...args], {
      cwd: process.cwd(),
    });
    const url = await emulator.ready();
    await run('sh', ['-c', wait.replace('http://127.0.0.1:4010', url)]);
  });

  it('allow the install script of the database, which npm 12 blocks by default', () => {
    const { allowScripts } = JSON.parse(readExample('vitest/package.json')) as Manifest;
    expect(allowScripts).toEqual({ 'better-sqlite3': true });
  });

  // A machine without Python can't say.
  it.skipIf(!hasPython)('have Python that compiles', async () => {
    const cwd = temporaryFolder();
    const script = `import ast,sys; ast.parse(open(sys.argv[1]).read())`;
    const file = `${process.cwd()}/examples/python/gate.py`;
    const { stderr } = await run('python3', ['-c', script, file], { cwd });
    expect(stderr).toBe('');
  });
});
