import { execFile } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it, type TestContext } from 'vitest';
import { temporaryFolder } from '../support/files.js';
import { blocksOf, pages, type Block } from '../support/pages.js';
import { startCli } from '../support/process.js';

const run = promisify(execFile);

const { scripts } = JSON.parse(readFileSync('package.json', 'utf8')) as {
  scripts: Record<string, string>;
};

/** Commands that `.ci/run` runs, or that need what a test does not have: a registry, a container. */
const elsewhere =
  /^(npm ci && npm (start|test|pack)|npm (install|pkg) [^&]+|docker (build|run) [^&]+)$/;

/** Where the pages have the emulator. */
const address = 'http://127.0.0.1:4010';

/** Nothing is sent there: the emulator takes its place. */
const vendor = 'https://api.retellai.com';

/**
 * Does what a page says, block by block, as a reader does. A block of `text`, `http` or `json` is
 * what the block before it must print, where `…` stands for anything.
 */
class Reader {
  readonly #folder: string;
  readonly #atEnd: TestContext['onTestFinished'];
  readonly #ids: Record<string, string> = {};
  #url: string | undefined;
  #printed: string | undefined;

  constructor(atEnd: TestContext['onTestFinished']) {
    this.#atEnd = atEnd;
    this.#folder = temporaryFolder(atEnd);
  }

  async follow({ language, code, at }: Block, next: Block | undefined): Promise<void> {
    switch (language) {
      case 'sh':
        return this.#runCommands(code, at, next);
      case 'console':
        return this.#repeatSession(code, at);
      case 'js':
        if (this.#isFile(code)) return;
        this.#printed = await this.#execute(process.execPath, [
          ...['--input-type=module', '--eval', await this.#aim(code)],
        ]);
        return;
      case 'py':
      case 'yaml':
        this.#keepFile(code, at);
        return;
      case 'text':
      case 'http':
        expectText(this.#printed, code, at);
        return;
      case 'json':
        expectJson(this.#printed, code, at);
        return;
      // Those run together, below.
      case 'ts':
        return;
      default:
        throw new Error(`${at}: nothing runs blocks of ${language}`);
    }
  }

  async #runCommands(code: string, at: string, next: Block | undefined): Promise<void> {
    const [first = ''] = code.split('\n');
    if (/^(curl|node|openssl) /.test(first)) {
      const isRefused = next?.language === 'json' && next.code.includes('"status": "error"');
      const flags = isRefused || code.includes('curl -i') ? '-sS' : '-sS --fail-with-body';
      const command = await this.#aim(code.replaceAll(/^curl/gm, `curl ${flags}`));
      this.#printed = await this.#execute('sh', ['-ec', command]).catch((error: unknown) => {
        throw new Error(`${at}: ${code}`, { cause: error });
      });
      for (const [id, kind] of this.#printed.matchAll(/test_(batch|job)_[0-9a-f]{12}/g)) {
        this.#ids[kind === 'batch' ? 'BATCH_ID' : 'RUN_ID'] = id;
      }
      const [call] = /call_[0-9a-f]{27}/.exec(this.#printed) ?? [];
      if (call !== undefined) this.#ids['CALL_ID'] = call;
      return;
    }
    for (const line of code.trim().split('\n')) {
      const command = line.replace(/ +#.*$/, '');
      const [, image] = /^docker run .* retell-emulator( .*)?$/.exec(command) ?? [];
      const flags = image ?? /^npm start(?: --( .*))?$/.exec(command)?.[1];
      if (flags !== undefined || command === 'npm start') await this.#start(flags);
      else expect(command, at).toMatch(elsewhere);
      for (const [, script = ''] of command.matchAll(/npm (?:run )?(start|test)/g)) {
        expect(scripts, at).toHaveProperty(script);
      }
    }
  }

  /** A session on a terminal: commands begin with `$`, and what they print follows. */
  async #repeatSession(code: string, at: string): Promise<void> {
    for (const part of code.split(/^\$ /m).slice(1)) {
      const [, command = '', printed = ''] = /^((?:[^\n]*[\\,]\n)*[^\n]*\n)(.*)$/s.exec(part) ?? [];
      // A reader's next command comes after the runs have ended; here it comes at once.
      const start = command.replace(/^npm start.*/, '$& --progression immediate');
      await this.#runCommands(start, at, undefined);
      if (command.startsWith('curl')) expectText(this.#printed, printed, at);
      else expect(printed, at).toMatch(/^Ready: http:\/\/127\.0\.0\.1:4010 \(seed: \w+\)\n\n$/);
    }
  }

  async #start(flags = ''): Promise<string> {
    const args = flags.split(' ').filter((flag) => flag !== '');
    const { url } = await startCli({
      ...{ cwd: this.#folder, atEnd: this.#atEnd },
      args: [...args, '--database', ':memory:', '--port', '0'],
    });
    return (this.#url = url);
  }

  /** The code with the emulator's address and the ids that were printed last. */
  async #aim(code: string): Promise<string> {
    const isAimed = code.includes(address.replace(/^http:/, '')) || code.includes(vendor);
    if (isAimed) this.#url ??= await this.#start();
    return code
      .replaceAll(address.replace('http:', 'https:'), this.#url ?? address)
      .replaceAll(address, this.#url ?? address)
      .replaceAll(vendor, this.#url ?? vendor)
      .replaceAll('node dist/bin.js', `'${process.execPath}' '${resolve('dist/bin.js')}'`)
      .replaceAll(/\b(BATCH_ID|RUN_ID|CALL_ID)\b/g, (name) => this.#ids[name] ?? name);
  }

  async #execute(command: string, args: string[]): Promise<string> {
    const cwd = command === 'sh' ? this.#folder : process.cwd();
    const env = { ...process.env, ...(this.#url && { RETELL_EMULATOR_URL: this.#url }) };
    return (await run(command, args, { cwd, env })).stdout;
  }

  /** Keeps a program that is named in its first line as it is. It stands where the package is installed. */
  #isFile(code: string): boolean {
    const [, name] = /^\/\/ ([\w.-]+)\n/.exec(code) ?? [];
    if (name === undefined) return false;
    const modules = join(this.#folder, 'node_modules');
    mkdirSync(modules, { recursive: true });
    symlinkSync(resolve('.'), join(modules, 'retell-emulator'));
    writeFileSync(join(this.#folder, name), code);
    return true;
  }

  /** A file that is named in its first line is there for later commands; others are examples. */
  #keepFile(code: string, at: string): void {
    const [, name] = /^# ([\w-]+\.yaml)\n/.exec(code) ?? [];
    if (name === undefined) expect(examples, at).toContain(code);
    else writeFileSync(join(this.#folder, name), code);
  }
}

const examples = readdirSync('examples', { recursive: true, encoding: 'utf8' })
  .filter((path) => /\.(yaml|py)$/.test(path))
  .map((path) => readFileSync(`examples/${path}`, 'utf8'))
  .join('\n');

function expectText(printed = '', expected: string, at: string): void {
  const parts = expected.trim().split(/…\s*/);
  const pattern = parts.map((part) => part.replaceAll(/[\\^$.*+?()[\]{}|]/g, '\\$&')).join('.*?');
  expect(printed.replaceAll('\r', '').trim(), at).toMatch(new RegExp(`^${pattern}$`, 's'));
}

function expectJson(printed = '', expected: string, at: string): void {
  const wildcard = (_key: string, value: unknown) =>
    value === '…' ? (expect.anything() as unknown) : value;
  const actual: unknown = JSON.parse(printed);
  expect(actual, at).toMatchObject(JSON.parse(expected, wildcard) as object);
}

// Several processes start at once.
describe('the commands and snippets', { timeout: 90_000 }, () => {
  it.concurrent.for(pages)(
    'of %s have the results that the page says',
    async (page, { onTestFinished }) => {
      const blocks = blocksOf(page);
      const reader = new Reader(onTestFinished);
      for (const [index, block] of blocks.entries()) await reader.follow(block, blocks[index + 1]);
    },
  );

  it.concurrent('for vitest are tests that pass', async ({ onTestFinished }) => {
    const folder = temporaryFolder(onTestFinished);
    const modules = join(folder, 'node_modules');
    mkdirSync(modules);
    symlinkSync(resolve('.'), join(modules, 'retell-emulator'));
    for (const name of ['retell-sdk', 'vitest']) {
      symlinkSync(resolve('node_modules', name), join(modules, name));
    }
    writeFileSync(join(folder, 'package.json'), '{"type":"module"}');
    writeFileSync(
      join(folder, 'vitest.config.js'),
      `export default {
        // Installed packages are not transformed.
        resolve: { preserveSymlinks: true },
        test: { isolate: false, fileParallelism: false },
      };`,
    );
    const snippets = pages.flatMap(blocksOf).filter(({ language }) => language === 'ts');
    for (const [index, { code }] of snippets.entries()) {
      writeFileSync(join(folder, `${String(index)}.test.ts`), code);
    }
    const vitest = resolve('node_modules/vitest/vitest.mjs');
    const { stdout } = await run(process.execPath, [vitest, 'run', '--reporter=json'], {
      cwd: folder,
    });
    const report = JSON.parse(stdout) as { numPassedTests: number; success: boolean };
    expect(report).toMatchObject({ success: true, numPassedTests: snippets.length });
  });
});
