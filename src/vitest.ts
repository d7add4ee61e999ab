/**
 * Vitest's `test`, with a workspace of its own for each test:
 *
 *     import { test } from 'retell-emulator/vitest';
 *
 *     test('…', async ({ workspace }) => {
 *       const client = new Retell({ apiKey: workspace.apiKey, baseURL: workspace.url });
 *     });
 */
import { test as base, type RunnerTask, type RunnerTestFile, type TestAPI } from 'vitest';
import {
  startEmulator,
  StartupError,
  type RetellEmulator,
  type StartOptions,
  type Workspace,
} from './index.js';

/** What a test gets. */
export interface EmulatorFixtures {
  /** Shared by the tests of a file. */
  readonly emulator: RetellEmulator;
  /**
   * The test's own, as fresh at each try. Its key is made of the test's name and file, and its place
   * among those of the same name, so chance falls the same way whichever other tests run.
   */
  readonly workspace: Workspace;
}

/**
 * Makes a `test` whose emulator is started with these options.
 * @throws StartupError if they would shut the tests out.
 */
export function emulatorTest(
  options: Omit<StartOptions, 'apiKey'> = {},
): TestAPI<EmulatorFixtures> {
  if ('apiKey' in options && options.apiKey !== undefined) {
    const fault = 'emulatorTest makes a key for each test, which the option apiKey would shut out';
    throw new StartupError('usage', fault);
  }
  return base.extend<EmulatorFixtures>({
    emulator: [
      // Vitest reads from the pattern which fixtures are needed: none.
      // eslint-disable-next-line no-empty-pattern
      async ({}, use) => {
        const emulator = await startEmulator(options);
        await use(emulator);
        await emulator.close();
      },
      { scope: 'file' },
    ],
    workspace: async ({ emulator, task }, use) => {
      const workspace = emulator.workspace(keyOf(task));
      await workspace.reset();
      await workspace.setLabel(labelOf(task));
      await use(workspace);
    },
  });
}

export const test: TestAPI<EmulatorFixtures> = emulatorTest();

/** Those of the tests of a file, made when the first of them is asked for. */
const keysOf = new WeakMap<RunnerTestFile, Map<RunnerTask, string>>();

function keyOf(test: RunnerTask): string {
  const keys = keysOf.get(test.file) ?? makeKeys(test.file);
  keysOf.set(test.file, keys);
  return keys.get(test) ?? keyNamed(fullNameOf(test), 1);
}

/** Tests may have the same name: these are told apart by their order. */
function makeKeys(file: RunnerTestFile): Map<RunnerTask, string> {
  const counts = new Map<string, number>();
  return new Map(
    testsIn(file).map((test) => {
      const name = fullNameOf(test);
      const ordinal = (counts.get(name) ?? 0) + 1;
      counts.set(name, ordinal);
      return [test, keyNamed(name, ordinal)];
    }),
  );
}

const testsIn = (task: RunnerTask): RunnerTask[] =>
  task.type === 'suite' ? task.tasks.flatMap(testsIn) : [task];

function fullNameOf(test: RunnerTask): string {
  const names: string[] = [];
  for (let task: RunnerTask | undefined = test; task !== undefined; task = task.suite) {
    names.unshift(task.name);
  }
  return [test.file.name, ...names].join(' > ');
}

const longestLabel = 100;

/** The name of the test with those around it; of a long one the end, which says most. */
function labelOf(test: RunnerTask): string {
  const characters = Array.from(fullNameOf(test));
  return characters.length <= longestLabel
    ? characters.join('')
    : `…${characters.slice(1 - longestLabel).join('')}`;
}

/** No name has a slash left in it. */
const keyNamed = (name: string, ordinal: number): string =>
  `key_test_${encodeURIComponent(name)}${ordinal === 1 ? '' : `/${String(ordinal)}`}`;
