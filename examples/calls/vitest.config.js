import { defineConfig } from 'vitest/config';

export default defineConfig({
  // Machines of CI may be slow.
  test: { testTimeout: 30_000 },
});
