import { readFileSync } from 'node:fs';
import { isBuiltin } from 'node:module';
import { describe, expect, it } from 'vitest';
import { readYaml } from '../../src/contract/source.js';

describe('the build', () => {
  it.each(['retell', 'control'] as const)('has the contract %s as its YAML has it', (name) => {
    const compiled: unknown = JSON.parse(readFileSync(`dist/contract/${name}.json`, 'utf8'));
    expect(compiled).toEqual(readYaml(name));
  });

  it('has the command as one file, which loads no other but what it can not hold', () => {
    const bundle = readFileSync('dist/cli.js', 'utf8');
    const imported = [...bundle.matchAll(/(?:^|;)import(?:[^'"();]*from)?["']([^"']+)["']/gm)];
    const packages = imported.flatMap(([, name = '']) => (isBuiltin(name) ? [] : [name]));
    expect(packages).toEqual(['better-sqlite3']);
    // An import of it would load its fetch and WebSocket (see src/errors.ts).
    expect(imported.map(([, name]) => name)).not.toContain('node:http');
  });
});
