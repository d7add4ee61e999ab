/**
 * A step of the build: writes the contracts as JSON next to the code, because parsing YAML takes longer than
 * everything else at the start.
 */
import { writeFileSync } from 'node:fs';
import { compiledFile, readYaml } from './source.js';

for (const name of ['retell', 'control'] as const) {
  writeFileSync(compiledFile(name), JSON.stringify(readYaml(name)));
}
