import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { startEmulator } from '../src/index.js';
import { flagOf, optionSpecs, variableOf } from '../src/configuration/options.js';
import { anchorsOf, linksOf, pages, readPage, rowsOf } from './support/pages.js';

const texts = [
  ...pages,
  ...['CHANGELOG.md', 'CONTRIBUTING.md', 'bench/README.md', 'llms.txt'],
  ...['examples', 'test'].flatMap((folder) =>
    readdirSync(folder, { recursive: true, encoding: 'utf8' })
      .filter((path) => path.endsWith('.md') && !path.includes('node_modules'))
      .map((path) => `${folder}/${path}`),
  ),
];

interface Document {
  readonly paths: Record<string, Record<string, { operationId?: string }>>;
  readonly components: { schemas: Record<'FaultInput' | 'Settings', { properties: object }> };
}
const contract = (name: string) => parse(readFileSync(`openapi/${name}.yaml`, 'utf8')) as Document;

describe('the pages', () => {
  it.each(texts)('link from %s to existing files and headings', (path) => {
    for (const link of linksOf(path)) {
      const [file = '', anchor] = link.split('#');
      expect(existsSync(file), link).toBe(true);
      if (anchor !== undefined) expect(anchorsOf(file), link).toContain(anchor);
    }
  });

  it('are all in the index, in the README and in llms.txt', () => {
    const all = pages.filter((page) => page.startsWith('docs/')).sort();
    const linked = (path: string) =>
      new Set(linksOf(path).filter((link) => link.startsWith('docs/')));
    expect([...linked('llms.txt')].sort()).toEqual(all);
    const topics = all.filter((page) => page !== 'docs/README.md');
    expect([...linked('docs/README.md')].sort()).toEqual(topics);
    expect([...linked('README.md')].sort()).toEqual(expect.arrayContaining(topics));
  });

  it('lead to the README of each example', () => {
    const folders = readdirSync('examples', { withFileTypes: true }).filter((entry) =>
      entry.isDirectory(),
    );
    const readmes = folders.map(({ name }) => `examples/${name}/README.md`);
    expect(linksOf('examples/README.md').sort()).toEqual(readmes.sort());
    expect(pages.flatMap(linksOf)).toEqual(expect.arrayContaining(readmes));
  });

  it('have a README of at most 150 lines', () => {
    expect(readPage('README.md').split('\n').length - 1).toBeLessThanOrEqual(150);
  });

  it('are packed with all files that they link to', () => {
    const command = ['pack', '--dry-run', '--ignore-scripts', '--json'];
    const [pack] = JSON.parse(execFileSync('npm', command, { encoding: 'utf8' })) as [
      { files: { path: string }[]; size: number; unpackedSize: number },
    ];
    // As docs/library.md says.
    expect(pack.size).toBeLessThan(1_300_000);
    expect(pack.unpackedSize).toBeLessThan(6_400_000);
    const packed = pack.files.map(({ path }) => path);
    const inPackage = ['llms.txt', ...pages.filter((page) => page.startsWith('docs/'))];
    const targets = inPackage.flatMap(linksOf).map((link) => link.replace(/#.*/, ''));
    expect(packed).toEqual(expect.arrayContaining([...inPackage, ...targets]));
  });
});

describe('llms.txt', () => {
  it('has a title, a summary, and a line for each link', () => {
    const text = readPage('llms.txt');
    expect(text).toMatch(/^# retell-emulator\n\n> \S.*\n/);
    const lists = text.split(/^## .*\n/m).slice(1);
    expect(lists.length).toBeGreaterThan(0);
    for (const line of lists.join('').split('\n').filter(Boolean)) {
      expect(line).toMatch(/^- \[[^\]]+\]\([^)]+\): \S/);
    }
  });
});

describe('the table of options', () => {
  const rows = rowsOf('docs/options.md');

  it.each(optionSpecs)('lists $name as it is', ({ name, placeholder, ...option }) => {
    const flag = placeholder === undefined ? flagOf(name) : `${flagOf(name)} ${placeholder}`;
    const row = rows.find(([first]) => first === `\`${flag}\``);
    expect(row).toContain(`\`${variableOf(name)}\``);
    if (option.default !== undefined) expect(row).toContain(`\`${String(option.default)}\``);
  });

  it('lists no other options but --config', () => {
    const flags = rows.flatMap(([first = '']) => /^`(--[\w-]+)/.exec(first)?.[1] ?? []);
    const known = [...optionSpecs.map(({ name }) => flagOf(name)), '--config'];
    expect(flags.sort()).toEqual(known.sort());
  });

  it('is followed by a list of the settings', () => {
    const [, section = ''] = /^## Settings\n(.*?)^## /ms.exec(readPage('docs/options.md')) ?? [];
    const [, list = ''] = /is that of the file:\n\n(.*?)\n\n/s.exec(section) ?? [];
    const listed = [...list.matchAll(/`(\w+)`/g)].map(([, name]) => name);
    const { properties } = contract('control').components.schemas.Settings;
    expect(listed.sort()).toEqual(Object.keys(properties).sort());
  });
});

describe('the table of fault rules', () => {
  it('lists the properties that a fault has, and no others', () => {
    const names = rowsOf('docs/failures.md').flatMap(([, property = '', ...rest]) =>
      rest.length === 1 ? (/^`(\w+)`$/.exec(property)?.[1] ?? []) : [],
    );
    const { properties } = contract('control').components.schemas.FaultInput;
    expect(names.sort()).toEqual(Object.keys(properties).sort());
  });
});

/** What a cell names: `a`, `b`, or `a`: `b`, `c` as the members b and c of a. */
function namesOf(cell: string): string[] {
  const [, group, members = ''] = /^`(\w+)`: (.*)$/.exec(cell) ?? [undefined, undefined, cell];
  const names = [...members.matchAll(/`(\w+)`/g)].map(([, name = '']) => name);
  return group === undefined ? names : [`${group}: ${names.sort().join()}`];
}

describe('the table of a workspace', () => {
  it('lists the functions of the library, and no others', async () => {
    const emulator = await startEmulator();
    const members = Object.entries<object | string>({ ...emulator.workspace('key_a') }).map(
      ([name, member]) =>
        typeof member === 'object' ? `${name}: ${Object.keys(member).sort().join()}` : name,
    );
    await emulator.close();
    const cells = rowsOf('docs/library.md').map(([cell = '']) => cell);
    const listed = cells.filter((cell) => cell.startsWith('`')).flatMap(namesOf);
    expect(listed.sort()).toEqual(members.sort());
  });
});

describe('the tables of operations', () => {
  it("list the vendor's operations that are emulated, and no others", () => {
    const listed = rowsOf('docs/operations.md').flatMap(
      ([first = '']) => /^`([A-Z]+ \/[^`]*)`$/.exec(first)?.[1] ?? [],
    );
    const known = Object.entries(contract('retell').paths).flatMap(([path, methods]) =>
      Object.entries(methods).flatMap(([method, { operationId }]) =>
        operationId === undefined ? [] : [`${method.toUpperCase()} ${path}`],
      ),
    );
    expect(listed.sort()).toEqual(known.sort());
  });

  it('name only existing paths of the control API', () => {
    const known = Object.keys(contract('control').paths).map(
      (path) => new RegExp(`^${path.replaceAll(/\{\w+\}/g, '[^/]+')}$`),
    );
    for (const page of pages) {
      for (const [path] of readPage(page).matchAll(/\/_emulator\/[a-z-]+[\w/{}-]*/g)) {
        if (path === '/_emulator/openapi') continue;
        expect(
          known.some((pattern) => pattern.test(path)),
          `${page}: ${path}`,
        ).toBe(true);
      }
    }
  });
});
