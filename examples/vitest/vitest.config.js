import { defineConfig } from 'vitest/config';

export default defineConfig({
  // Machines of CI may be slow.
  test: { globalSetup: ['./emulator.setup.js'], testTimeout: 30_000 },
});
