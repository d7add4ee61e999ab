import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { flagOf, optionSpecs, variableOf } from '../../src/config.js';
import { temporaryFolder } from '../support/files.js';
import { startCli } from '../support/process.js';

const readme = readFileSync('README.md', 'utf8');
const run = promisify(execFile);

/** The code blocks of a language, made to speak to the emulator at `url`. */
const blocks = (language: string, url: string) =>
  [...readme.matchAll(new RegExp(`^\`\`\`${language}\n(.*?)^\`\`\``, 'gms'))].map(([, code = '']) =>
    code.replaceAll('http://127.0.0.1:4010', url),
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

  it('has curl examples that work', async () => {
    const { url } = await startCli({ cwd: temporaryFolder() });
    const [create = '', read = ''] = blocks('sh', url).filter((code) => code.startsWith('curl'));
    const created = await run('sh', ['-c', create]);
    const { test_case_batch_job_id: id } = JSON.parse(created.stdout) as Record<string, string>;
    expect(id).toMatch(/^test_batch_/);
    const answer = await run('sh', ['-c', read.replace(/test_batch_\w+/, String(id))]);
    expect(JSON.parse(answer.stdout)).toMatchObject({ test_case_batch_job_id: id, total_count: 1 });
  });

  it.each(optionSpecs)('lists the option $name as it is', ({ name, placeholder, ...option }) => {
    const flag = placeholder === undefined ? flagOf(name) : `${flagOf(name)} ${placeholder}`;
    const row = readme.split('\n').find((line) => line.startsWith(`| \`${flag}\` |`));
    expect(row).toContain(`| \`${variableOf(name)}\` |`);
    if (option.default !== undefined) expect(row).toContain(`| \`${String(option.default)}\` |`);
  });
});
