import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type * as Yaml from 'yaml';
import type { FixtureSource } from './emulator.js';
import { StartupError } from './errors.js';

/** Loaded only where there is YAML to read or write. */
export const yaml = (): typeof Yaml => createRequire(import.meta.url)('yaml') as typeof Yaml;

/** With merge keys (`<<: *base`), which YAML 1.2 left out and many files use. */
export const parseYaml = (text: string): unknown => yaml().parse(text, { merge: true });

/** @throws StartupError naming the file and why it can't be read. */
export function readFixtures(name: string): FixtureSource {
  try {
    const text = readFileSync(name, 'utf8');
    return { name, content: name.endsWith('.json') ? JSON.parse(text) : parseYaml(text) };
  } catch (error) {
    const [reason = ''] = (error as Error).message.split('\n');
    throw new StartupError('usage', `cannot read fixtures ${name}: ${reason}`, { cause: error });
  }
}
