import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { temporaryFolder } from '../support/files.js';
import { spawnCli, startCli } from '../support/process.js';

describe('YAML files', () => {
  it('may use merge keys, as fixtures and as the config file', async () => {
    const cwd = temporaryFolder();
    const fixtures = `retellLlms:
  - &base { llm_id: llm_1, begin_message: Hello. }
  - { <<: *base, version: 1 }
`;
    const config = `fixtures: [a.yaml]
outcomeRules:
  - &rule { outcome: { status: fail } }
  - { <<: *rule, times: 2 }
`;
    writeFileSync(join(cwd, 'a.yaml'), fixtures);
    writeFileSync(join(cwd, 'retell-emulator.yaml'), config);
    const { url } = await startCli({ cwd });
    expect(await (await fetch(`${url}/_emulator/export`)).json()).toMatchObject({
      retellLlms: [
        { version: 0, begin_message: 'Hello.' },
        { version: 1, begin_message: 'Hello.' },
      ],
      outcomeRules: [{ outcome: { status: 'fail' } }, { outcome: { status: 'fail' }, times: 2 }],
    });
  });

  it.each([
    ['as fixtures', ['--fixtures', 'a.yaml']],
    ['as the config file', ['--config', 'a.yaml']],
  ])('that contain themselves, %s, end it with exit code 2 and one line', async (_as, args) => {
    const cwd = temporaryFolder();
    writeFileSync(join(cwd, 'a.yaml'), 'outcomeRules: &rules [*rules]');
    const refused = spawnCli({ cwd, args });
    expect((await refused.end()).code).toBe(2);
    expect(refused.stderr).toMatch(
      /^retell-emulator: a\.yaml: \/outcomeRules.* must not be nested more than 110 levels deep\n$/,
    );
  });
});
