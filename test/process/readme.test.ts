import { execFile } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import type { Fixtures } from '../../src/library/workspace.js';
import { flagOf, optionSpecs, variableOf } from '../../src/options.js';
import { temporaryFolder } from '../support/files.js';
import { startCli } from '../support/process.js';

const readme = readFileSync('README.md', 'utf8');
const run = promisify(execFile);

/** The code blocks of a language, made to speak to the emulator at `url`. */
const blocks = (language: string, url: string) =>
  [...readme.matchAll(new RegExp(`^ *\`\`\`${language}\n(.*?)^ *\`\`\``, 'gms'))].map(
    ([, code = '']) => code.replaceAll('http://127.0.0.1:4010', url),
  );

describe('the README', () => {
  it('has an SDK example that works', async () => {
    const { url } = await startCli({
      cwd: temporaryFolder(),
      args: ['--run-duration', '10ms', '--outcomes', 'pass=1'],
    });
    const [example = ''] = blocks('js', url);
    const { stdout } = await run(process.execPath, ['--input-type=module', '--eval', example]);
    expect(stdout).toBe('3 of 3 passed\n');
  });

  it('has an example of the library that works', async () => {
    const [, example = ''] = blocks('js', '');
    const { stdout } = await run(process.execPath, ['--input-type=module', '--eval', example]);
    expect(stdout).toBe('1 failed\n');
  });

  it('has examples of failure that fail as they say', async () => {
    const { url } = await startCli({ cwd: temporaryFolder() });
    const commands = blocks('sh', url).filter((code) => code.startsWith('curl -i'));
    const answers = await Promise.all(commands.map((command) => run('sh', ['-c', command])));
    const statuses = answers.map(({ stdout }) => /^HTTP\/1\.1 (\d+)/.exec(stdout)?.[1]);
    expect(statuses).toEqual(['429', '500']);
  });

  it('has fixtures that load, and control requests that work', async () => {
    const folder = temporaryFolder();
    const [fixtures = ''] = blocks('yaml', '');
    writeFileSync(join(folder, 'fixtures.yaml'), fixtures);
    const { url } = await startCli({ cwd: folder, args: ['--fixtures', 'fixtures.yaml'] });
    const commands = blocks('sh', url).filter((code) => code.includes('/_emulator/'));
    expect(commands).toHaveLength(11);
    for (const command of commands) {
      const checked = command.replace(/^ *curl/gm, 'curl --fail-with-body');
      const { stdout } = await run('sh', ['-c', checked], { cwd: folder });
      expect(JSON.parse(stdout)).toEqual(expect.any(Object));
    }
    const exported = (await (await fetch(`${url}/_emulator/export`)).json()) as Fixtures;
    expect(exported.clock).toEqual({ mode: 'manual', now: Date.parse('2026-01-01T00:00:10Z') });
    expect(exported.batchTests?.[0]?.runs).toMatchObject([{ status: 'pass' }, { status: 'fail' }]);
    expect(exported.outcomeRules).toHaveLength(2);
    expect(exported).toMatchObject({ faults: [{ times: 1 }, { phase: 'after' }], credit: 25 });
  });

  it('has curl examples that work', async () => {
    const { url } = await startCli({ cwd: temporaryFolder() });
    const [create = '', read = ''] = blocks('sh', url).filter((code) => code.startsWith('curl'));
    const created = await run('sh', ['-c', create]);
    const { test_case_batch_job_id: id } = JSON.parse(created.stdout) as Record<string, string>;
    expect(id).toMatch(/^test_batch_/);
    const answer = await run('sh', ['-c', read.replace('ID_OF_THE_BATCH', String(id))]);
    expect(JSON.parse(answer.stdout)).toMatchObject({ test_case_batch_job_id: id, total_count: 1 });
  });

  it.each(optionSpecs)('lists the option $name as it is', ({ name, placeholder, ...option }) => {
    const flag = placeholder === undefined ? flagOf(name) : `${flagOf(name)} ${placeholder}`;
    const row = readme.split('\n').find((line) => line.startsWith(`| \`${flag}\` |`));
    expect(row).toContain(`| \`${variableOf(name)}\` |`);
    if (option.default !== undefined) expect(row).toContain(`| \`${String(option.default)}\` |`);
  });
});
