import { availableParallelism } from 'node:os';
import { defineConfig } from 'vitest/config';

/** These tests replace modules of their own, of Node, or the timers of the whole process. */
const alone = [
  'test/fake-timers.test.ts',
  'test/control/large-exports.test.ts',
  'test/http/large-lists.test.ts',
  'test/http/listen.test.ts',
  'test/redirect/*.test.ts',
];

export default defineConfig({
  test: {
    // Machines are shared and noisy.
    testTimeout: 60_000,
    hookTimeout: 60_000,
    restoreMocks: true,
    // Vitest leaves one processor free, which is half of a machine that has two.
    maxWorkers: Math.max(2, availableParallelism() - 1),
    projects: [
      {
        extends: true,
        test: {
          name: 'shared',
          include: ['test/**/*.test.ts'],
          exclude: alone,
          // The files of a worker share its modules: the source is loaded, and the contract is read
          // and compiled, once for each worker.
          isolate: false,
        },
      },
      { extends: true, test: { name: 'alone', include: alone } },
    ],
  },
});
