/**
 * Vitest's `test`, with a workspace of its own for each test:
 *
 *     import { test } from 'retell-emulator/vitest';
 *
 *     test('…', async ({ workspace }) => {
 *       const client = new Retell({ apiKey: workspace.apiKey, baseURL: workspace.url });
 *     });
 */
import { test as base, type TestAPI } from 'vitest';
import { startEmulator, type RetellEmulator, type StartOptions, type Workspace } from './index.js';

/** What a test gets. */
export interface EmulatorFixtures {
  /** Shared by the tests of a file. */
  readonly emulator: RetellEmulator;
  /**
   * The test's own, as fresh at each try. Its key is made of the test's name and file, so chance
   * falls the same way whichever other tests run.
   */
  readonly workspace: Workspace;
}

/** Makes a `test` whose emulator is started with these options. */
export const emulatorTest = (options: StartOptions = {}): TestAPI<EmulatorFixtures> =>
  base.extend<EmulatorFixtures>({
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
      await use(workspace);
    },
  });

export const test: TestAPI<EmulatorFixtures> = emulatorTest();

interface Named {
  readonly name: string;
  readonly suite?: Named | undefined;
  readonly file?: Named | undefined;
}

function keyOf(task: Named): string {
  const names: string[] = [];
  for (let named: Named | undefined = task; named !== undefined; named = named.suite) {
    names.unshift(named.name);
  }
  return `key_test_${encodeURIComponent([task.file?.name ?? '', ...names].join(' > '))}`;
}
