import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type * as Yaml from 'yaml';
import { codeFile, packageFile } from '../files.js';

export type ContractName = 'retell' | 'control';

/** The build writes this file. It does not exist if the sources run directly. */
export const compiledFile = (name: ContractName): URL => codeFile(`contract/${name}.json`);

interface Document {
  readonly components: { readonly schemas: Record<string, unknown> };
}

/** Reads `openapi/<name>.yaml`, and adds the schemas that it refers to. The parser is loaded only here. */
export function readYaml(name: ContractName): Document {
  const { parse } = createRequire(import.meta.url)('yaml') as typeof Yaml;
  const text = readFileSync(packageFile(`openapi/${name}.yaml`), 'utf8');
  // The control contract refers to schemas of the vendor's contract.
  const document = parse(text.replaceAll('retell.yaml#/', '#/')) as Document;
  if (name === 'control') addMissingSchemas(document, readYaml('retell'));
  return document;
}

function addMissingSchemas(document: Document, { components }: Document): void {
  const { schemas } = document.components;
  const names = new Set(schemasNamedIn(document));
  for (const name of names) {
    schemas[name] ??= components.schemas[name];
    for (const further of schemasNamedIn(schemas[name])) names.add(further);
  }
}

const schemasNamedIn = (part: unknown): string[] =>
  [...JSON.stringify(part).matchAll(/"#\/components\/schemas\/(\w+)"/g)].map(
    ([, name = '']) => name,
  );

export function readContractSource(name: ContractName): unknown {
  try {
    return JSON.parse(readFileSync(compiledFile(name), 'utf8'));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    return readYaml(name);
  }
}
