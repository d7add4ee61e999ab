import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type * as Yaml from 'yaml';
import type { FixtureSource } from '../emulator.js';
import { StartupError } from '../errors.js';
import { maxFixtureLevels } from '../json/checks.js';

/** Loaded only where there is YAML to read or write. */
export const yaml = (): typeof Yaml => createRequire(import.meta.url)('yaml') as typeof Yaml;

/**
 * Reads YAML, with merge keys (`<<: *base`), which YAML 1.2 left out and many files use.
 * @throws Error saying what is wrong with it.
 */
export function parseYaml(text: string): unknown {
  refuseDepth(text);
  return yaml().parse(text, { merge: true });
}

/** The reader recurses, and in the worst case its end is that of the process. Its parser of tokens doesn't. */
function refuseDepth(text: string): void {
  const { Parser } = yaml();
  const left: { token: Yaml.CST.Token | null | undefined; levels: number }[] = [];
  for (const token of new Parser().parse(text)) left.push({ token, levels: 0 });
  for (let next = left.pop(); next !== undefined; next = left.pop()) {
    const { token, levels } = next;
    if (levels > maxFixtureLevels) {
      throw new Error(`it must not be nested more than ${String(maxFixtureLevels)} levels deep`);
    }
    if (token?.type === 'document') left.push({ token: token.value, levels });
    if (!token || !('items' in token)) continue;
    for (const { key, value } of token.items) {
      left.push({ token: key, levels: levels + 1 }, { token: value, levels: levels + 1 });
    }
  }
}

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
