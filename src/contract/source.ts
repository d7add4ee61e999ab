import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type * as Yaml from 'yaml';
import { codeFile, packageFile } from '../files.js';

export type ContractName = 'retell' | 'control';

export const yamlFile = (name: ContractName): URL => packageFile(`openapi/${name}.yaml`);

/** Written by the build; not there where the sources are run as they are. */
export const compiledFile = (name: ContractName): URL => codeFile(`contract/${name}.json`);

/** Reads `openapi/<name>.yaml`. The parser is loaded for that only. */
export function readYaml(name: ContractName): unknown {
  const { parse } = createRequire(import.meta.url)('yaml') as typeof Yaml;
  return parse(readFileSync(yamlFile(name), 'utf8'));
}

export function readContractSource(name: ContractName): unknown {
  try {
    return JSON.parse(readFileSync(compiledFile(name), 'utf8'));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    return readYaml(name);
  }
}
