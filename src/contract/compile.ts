/**
 * A step of the build: writes the contracts as JSON beside the code, because reading YAML takes
 * longer than all the rest of starting up.
 */
import { writeFileSync } from 'node:fs';
import { compiledFile, readYaml } from './source.js';

for (const name of ['retell', 'control'] as const) {
  writeFileSync(compiledFile(name), JSON.stringify(readYaml(name)));
}
