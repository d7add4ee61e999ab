import { spawnSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { temporaryFolder } from '../support/files.js';

interface Sdk {
  readonly version: string;
  /** Methods by name: the request that one sends, and the types of its parameters and its answer. */
  readonly methods: Readonly<
    Record<string, readonly [sends: string, types: string, answer: string]>
  >;
}

function writeFiles(folder: string, files: Readonly<Record<string, string>>): string {
  for (const [name, text] of Object.entries(files)) {
    const path = join(folder, name);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text);
  }
  return folder;
}

/** A release of an SDK with one resource, laid out as the vendor's. */
function writeSdk({ version, methods }: Sdk): string {
  const all = Object.entries(methods);
  const source = all.map(
    ([name, [sends]]) => `  ${name}() {\n    return this._client.${sends};\n  }`,
  );
  const types = all.map(
    ([name, [, parameters, answer]]) => `${name}(${parameters}): APIPromise<${answer}>;`,
  );
  return writeFiles(temporaryFolder(), {
    'package.json': JSON.stringify({ name: 'retell-sdk', version }),
    'src/resources/thing.ts': `export class Thing {\n${source.join('\n')}\n}\n`,
    'resources/thing.d.ts': `
      interface APIPromise<Answer> extends Promise<Answer> {}
      interface RequestOptions {}
      export declare class Thing { ${types.join('\n')} }`,
  });
}

const options = 'options?: RequestOptions';
const before = {
  version: '1.0.0',
  methods: {
    create: [
      "post('/create-thing', {})",
      `body: { name: string; kind?: 'a' | 'b'; parts?: Array<{ size: number }> }, ${options}`,
      "{ thing_id: string; status?: 'new' }",
    ],
    get: ['get(path`/get-thing/${id}`)', `id: string, ${options}`, '{ thing_id: string }'],
  },
} as const satisfies Sdk;

const contract = `
  export interface paths {
    '/create-thing': { post: operations['createThing'] };
    '/get-thing/{thing_id}': { get: operations['getThing'] };
  }
  export interface operations {
    createThing: {
      parameters: { query?: never };
      requestBody: { content: { 'application/json': {
        name: string; kind?: 'a' | 'b'; parts?: { size: number }[] } } };
      responses: { 201: { content: { 'application/json': { thing_id: string; status?: 'new' } } } };
    };
    getThing: {
      parameters: { path: { thing_id: string } };
      requestBody?: never;
      responses: { 200: { content: { 'application/json': { thing_id: string } } } };
    };
  }`;

/** Compares the contract with a release, and shows what differs only from it. */
function compareWith(methods: Sdk['methods']) {
  const folder = writeFiles(temporaryFolder(), { 'contract.ts': contract });
  const sdk = writeSdk({ version: '1.1.0', methods });
  const given = ['--basis', writeSdk(before), '--contract', join(folder, 'contract.ts')];
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    ['tools/drift.js', ...given, '--sdk', sdk, '--json'],
    { encoding: 'utf8' },
  );
  expect(stderr).toBe('');
  const { since } = JSON.parse(stdout) as { since: { severity: string; what: string }[] };
  return { status, since: since.map(({ severity, what }) => `${severity}: ${what}`) };
}

const { create, get } = before.methods;

describe('npm run drift', () => {
  it('finds nothing in the release that the contract is of', () => {
    expect(compareWith(before.methods)).toEqual({ status: 0, since: [] });
  });

  it('finds what is new, changed and gone in each part of an operation', () => {
    const body = `body: { name?: string; kind?: 'a' | 'c'; parts?: Array<{ size: number | string; unit: string }>; colour?: string }`;
    expect(
      compareWith({
        create: [
          create[0],
          `${body}, ${options}`,
          "{ thing_id: string; status: 'new'; at?: number }",
        ],
        get: [get[0], get[1], '{ thing_id?: string | null }'],
        list: ["post('/list-things', {})", options, '{ items: string[] }'],
      }),
    ).toEqual({
      status: 3,
      since: [
        'breaking: request: name is optional now',
        'breaking: request: parts[].size may be string',
        'breaking: request: parts[].unit is new',
        'breaking: answer: status is always there now',
        'changed: request: kind may be "c"',
        'changed: request: colour is new',
        'changed: answer: at is new',
        'changed: answer: thing_id may be absent now',
        'changed: answer: thing_id may be null',
        'changed: is a new operation',
        'gone: request: kind "b"',
      ],
    });
  });

  it('says by its exit code how bad the worst is', () => {
    expect(compareWith({ create })).toEqual({
      status: 1,
      since: ['gone: is no operation of the SDK'],
    });
    expect(
      compareWith({ create, get: [get[0], get[1], '{ thing_id: string; at?: number }'] }),
    ).toEqual({ status: 2, since: ['changed: answer: at is new'] });
  });

  it('says what it could not read', () => {
    const { status, stderr } = spawnSync(
      process.execPath,
      ['tools/drift.js', '--sdk', join(temporaryFolder(), 'nothing')],
      { encoding: 'utf8' },
    );
    expect([status, stderr]).toEqual([4, expect.stringContaining('could not be compared')]);
  });
});
