import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { createRequire, isBuiltin } from 'node:module';
import { resolve } from 'node:path';
import { runInNewContext } from 'node:vm';
import { describe, expect, it } from 'vitest';
import { readYaml } from '../../src/contract/source.js';

const bundles = [
  'dist/cli.js',
  ...readdirSync('dist/cjs').flatMap((file) => (file.endsWith('.js') ? [`dist/cjs/${file}`] : [])),
];

describe('the build', () => {
  it.each(['retell', 'control'] as const)(
    'has the contract %s with the content of its YAML',
    (name) => {
      const compiled: unknown = JSON.parse(readFileSync(`dist/contract/${name}.json`, 'utf8'));
      expect(compiled).toEqual(readYaml(name));
    },
  );

  it('has the command as one file, which loads no other except unbundled packages', () => {
    const bundle = readFileSync('dist/cli.js', 'utf8');
    const imported = [...bundle.matchAll(/(?:^|[;}])import(?:[^'"();]*from)?["']([^"']+)["']/gm)];
    const others = imported.flatMap(([, name = '']) => (isBuiltin(name) ? [] : [name]));
    expect(others.sort()).toEqual(['better-sqlite3']);
    // An import of it would load its fetch and WebSocket (see src/errors.ts).
    expect(imported.map(([, name]) => name)).not.toContain('node:http');
  });

  it('has the library as one file, which loads no other before it is needed', () => {
    const script = `
      require('./dist/cjs/index.js').startEmulator().then(() => {
        const names = process.moduleLoadList.filter((name) => /NativeModule http/.test(name));
        const files = Object.keys(require.cache);
        process.stdout.write(JSON.stringify({ names, files }), () => process.exit());
      });`;
    const { names, files } = JSON.parse(
      execFileSync(process.execPath, ['-e', script], { encoding: 'utf8' }),
    ) as { names: string[]; files: string[] };
    expect(names).toEqual(['NativeModule http']);
    const own = files.filter(
      (file) => !/node_modules.(better-sqlite3|bindings|file-uri)/.test(file),
    );
    expect(own).toEqual([resolve('dist/cjs/index.js')]);
  });

  it('gives the same library to import and require', async () => {
    const require = createRequire(import.meta.url);
    const imported = (await import(resolve('dist/index.js'))) as object;
    expect({ ...imported }).toEqual({ ...(require('../../dist/cjs/index.js') as object) });
  });

  it('has the client for browsers in files that need nothing of Node', () => {
    const [script, module] = ['dist/cjs/web-client.js', 'dist/web-client.js'].map((file) =>
      readFileSync(file, 'utf8'),
    );
    expect(module).not.toMatch(/\b(require|process|Buffer|global)\b|import[ {"']/);
    const page: Record<string, unknown> = { setTimeout, clearTimeout, module: { exports: {} } };
    runInNewContext(script ?? '', page);
    expect(page['module']).toMatchObject({
      exports: {
        RetellWebClient: expect.any(Function) as unknown,
        connectWebClient: expect.any(Function) as unknown,
      },
    });
  });

  it('names the licence of each package that is in those files', () => {
    const bundle = bundles.map((file) => readFileSync(file, 'utf8')).join('\n');
    const files = [...bundle.matchAll(/"(node_modules\/[^"]+)"\(/g)].map(([, file = '']) => file);
    const folders = files.map((file) => /.*node_modules\/(@[^/]+\/)?[^/]+/.exec(file)?.[0] ?? '');
    const bundled = [...new Set(folders)];
    expect(bundled.length).toBeGreaterThan(30);
    const notices = readFileSync('dist/THIRD-PARTY-LICENSES.txt', 'utf8').split(/^-{80}\n\n/m);
    for (const folder of bundled) {
      const manifest = readFileSync(`${folder}/package.json`, 'utf8');
      const { name, version } = JSON.parse(manifest) as { name: string; version: string };
      const notice = notices.find((text) => text.startsWith(`${name} ${version} (`));
      expect(notice, name).toMatch(/permi(ssion|tted)|no text of its licence/i);
    }
  });

  it('points to no source map, because none exists', () => {
    for (const file of [...bundles, 'dist/bin.js', 'dist/index.js', 'dist/vitest.js']) {
      expect(readFileSync(file, 'utf8').includes('sourceMappingURL'), file).toBe(false);
    }
  });
});
