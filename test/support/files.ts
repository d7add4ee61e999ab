import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';

/** Takes what to do when a test is over. A concurrent test passes the one of its context. */
export type AtEnd = (cleanUp: () => void | Promise<void>) => void;

/** A folder of the test's own, gone when the test is over. */
export function temporaryFolder(atEnd: AtEnd = onTestFinished): string {
  const folder = mkdtempSync(join(tmpdir(), 'retell-emulator-'));
  atEnd(() => {
    rmSync(folder, { recursive: true, force: true });
  });
  return folder;
}
