import { readdirSync, readFileSync } from 'node:fs';
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
    const imported = [...bundle.matchAll(/(?:^|[;}])import(?:[^'"();]*from)?["']([^"']+)["']/gm)];
    const packages = imported.flatMap(([, name = '']) => (isBuiltin(name) ? [] : [name]));
    expect(packages).toEqual(['better-sqlite3']);
    // An import of it would load its fetch and WebSocket (see src/errors.ts).
    expect(imported.map(([, name]) => name)).not.toContain('node:http');
  });

  it('names the licence of each package that is in that file', () => {
    const bundle = readFileSync('dist/cli.js', 'utf8');
    const files = [...bundle.matchAll(/"(node_modules\/[^"]+)"\(/g)].map(([, file = '']) => file);
    const folders = files.map((file) => /.*node_modules\/(@[^/]+\/)?[^/]+/.exec(file)?.[0] ?? '');
    const bundled = [...new Set(folders)];
    expect(bundled.length).toBeGreaterThan(40);
    const notices = readFileSync('dist/THIRD-PARTY-LICENSES.txt', 'utf8').split(/^-{80}\n\n/m);
    for (const folder of bundled) {
      const manifest = readFileSync(`${folder}/package.json`, 'utf8');
      const { name, version } = JSON.parse(manifest) as { name: string; version: string };
      const notice = notices.find((text) => text.startsWith(`${name} ${version} (`));
      expect(notice, name).toMatch(/permi(ssion|tted)|no text of its licence/i);
    }
  });

  it('points to no source map, for there is none', () => {
    const sources = readdirSync('src', { recursive: true, encoding: 'utf8' });
    const modules = sources.filter((file) => file.endsWith('.ts'));
    expect(modules.length).toBeGreaterThan(50);
    for (const file of modules) {
      const code = readFileSync(`dist/${file.replace(/ts$/, 'js')}`, 'utf8');
      expect(code.includes('sourceMappingURL'), file).toBe(false);
    }
  });
});
