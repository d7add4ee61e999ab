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

/** The fixtures of each test. */
export interface EmulatorFixtures {
  /** One emulator for all tests of a file. */
  readonly emulator: RetellEmulator;
  /**
   * The test's own workspace, reset before each try. Its key follows from the test's file and name, and its
   * position among tests of the same name, so the results of chance do not depend on which other tests run.
   */
  readonly workspace: Workspace;
}

/**
 * Returns a `test` whose emulator is started with these options.
 * @throws StartupError if the options would refuse the keys of the tests.
 */
export function emulatorTest(
  options: Omit<StartOptions, 'apiKey'> = {},
): TestAPI<EmulatorFixtures> {
  if ('apiKey' in options && options.apiKey !== undefined) {
    const problem =
      'emulatorTest creates a key for each test, which the option apiKey would refuse';
    throw new StartupError('usage', problem);
  }
  return base.extend<EmulatorFixtures>({
    emulator: [
      // Vitest reads from the pattern which fixtures are used: none.
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

/** The keys of the tests of each file, computed at the first test. */
const keysOf = new WeakMap<RunnerTestFile, Map<RunnerTask, string>>();

function keyOf(test: RunnerTask): string {
  const keys = keysOf.get(test.file) ?? makeKeys(test.file);
  keysOf.set(test.file, keys);
  return keys.get(test) ?? keyNamed(fullNameOf(test), 1);
}

/** Tests with the same name are told apart by their order. */
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

const maxLabelLength = 100;

/** The name of the test with its suites. A long name is cut at its start, because its end says most. */
function labelOf(test: RunnerTask): string {
  const characters = Array.from(fullNameOf(test));
  return characters.length <= maxLabelLength
    ? characters.join('')
    : `…${characters.slice(1 - maxLabelLength).join('')}`;
}

/** The encoded name has no slash, so the ordinal cannot be mistaken for a part of it. */
const keyNamed = (name: string, ordinal: number): string =>
  `key_test_${encodeURIComponent(name)}${ordinal === 1 ? '' : `/${String(ordinal)}`}`;
