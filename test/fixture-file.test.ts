import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { resolveConfig } from '../src/configuration/config.js';
import type { StartupError } from '../src/errors.js';
import { parseYaml, readFixtures } from '../src/configuration/fixture-file.js';
import { startEmulator } from '../src/index.js';
import { buildEmulator } from './support/emulator.js';
import { temporaryFolder } from './support/files.js';

const nested = (levels: number): string => '['.repeat(levels) + ']'.repeat(levels);
const blocks = (levels: number): string =>
  Array.from({ length: levels }, (_, level) => `${' '.repeat(level)}a:`).join('\n');

const usageError = (message: RegExp) => {
  const matcher = expect.stringMatching(message) as string;
  return expect.objectContaining({ kind: 'usage', message: matcher }) as StartupError;
};

/** Starts with such a fixture file. */
function startWith(name: string, text: string) {
  const file = join(temporaryFolder(), name);
  writeFileSync(file, text);
  const { emulator } = buildEmulator({ fixtures: [readFixtures(file)] });
  emulator.close();
}

const tooDeep = /f\.\w+: .*must not be nested more than 110 levels deep$/;
const half = /f\.\w+: \/settings\/seed must not have half a surrogate pair$/;
const infinite = /f\.\w+: \/credit must be a number below 1.8e308$/;

describe('a fixture file', () => {
  it.each([
    ['f.json', nested(111), tooDeep],
    ['f.json', `{"definitions":${nested(30_000)}}`, tooDeep],
    ['f.yaml', nested(111), tooDeep],
    ['f.yaml', nested(3000), tooDeep],
    ['f.yaml', '- '.repeat(1000), tooDeep],
    ['f.yaml', blocks(300), tooDeep],
    ['f.yaml', `${'{a: '.repeat(300)}1${'}'.repeat(300)}`, tooDeep],
    ['f.yaml', 'definitions: &all [*all]', tooDeep],
    ['f.yaml', 'settings: &all { seed: *all }', tooDeep],
    ['f.json', '{"settings":{"seed":"\\ud800"}}', half],
    ['f.yaml', 'settings: { seed: "\\udc00" }', half],
    ['f.json', '{"credit":1e400}', infinite],
    ['f.yaml', 'credit: .inf', infinite],
    ['f.yaml', 'credit: .nan', infinite],
  ])('%s: %.20s is refused with one line', (name, text, message) => {
    expect(() => {
      startWith(name, text);
    }).toThrow(usageError(message));
  });

  it('may have 100 levels', () => {
    startWith('f.yaml', `faults: [{ error: { status: 500, body: ${nested(98)} } }]`);
  });
});

describe('a config file', () => {
  it.each([
    ['outcomeRules: &all [*all]', tooDeep],
    ['outcomes: &all { pass: *all }', tooDeep],
    ['apiKey: ["\\ud800"]', /f\.yaml: \/apiKey\/0 must not have half a surrogate pair$/],
    ['port: .inf', /f\.yaml: \/port must be a number below 1.8e308$/],
  ])('with %s is refused with one line', (text, message) => {
    const file = { path: 'f.yaml', content: parseYaml(text) };
    expect(() => resolveConfig({ flags: {}, environment: {}, file })).toThrow(usageError(message));
  });
});

describe('an object given to the library', () => {
  interface Endless {
    [name: string]: Endless;
  }
  const endless: Endless = {};
  endless['outcome'] = endless;

  it('that contains itself is refused as an option', async () => {
    const options = { outcomeRules: [endless] } as object;
    await expect(startEmulator(options)).rejects.toThrow(usageError(/more than 110 levels deep$/));
  });

  it('that contains itself is refused by a workspace', async () => {
    await using emulator = await startEmulator();
    const workspace = emulator.workspace('key_a');
    await expect(workspace.outcomes.add(endless as never)).rejects.toThrow(
      /more than 100 levels deep$/,
    );
    await expect(workspace.load({ definitions: [endless] } as never)).rejects.toThrow(
      /more than 110 levels deep$/,
    );
  });
});
