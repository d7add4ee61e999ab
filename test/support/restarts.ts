import { join } from 'node:path';
import { expect, onTestFinished } from 'vitest';
import { openEmulator } from '../../src/emulator.js';
import { buildApp } from '../../src/http/app.js';
import { plainCalls } from './calls.js';
import { defaultSettings, TestClient, thisMachine } from './emulator.js';
import { temporaryFolder } from './files.js';
import { ManualClock, newYear } from './manual-clock.js';

/** Opens the same file each time, on one clock. */
export function restarts() {
  const database = join(temporaryFolder(), 'emulator.sqlite');
  const clock = new ManualClock();
  const warnings: string[] = [];
  const errors: unknown[] = [];
  onTestFinished(() => {
    expect(errors).toEqual([]);
    expect(clock.alarmCount).toBe(0);
  });
  const open = (settings: object = {}) => {
    const emulator = openEmulator({
      ...{ database, clock, onWarning: (line: string) => warnings.push(line) },
      settings: { ...defaultSettings, ...plainCalls, ...settings },
      initialClock: () => ({ mode: 'manual', time: newYear }),
      onError: (error) => errors.push(error),
    });
    const access = { apiKeys: [], validateResponses: true, controlAccess: thisMachine };
    const app = buildApp({ emulator, ...access });
    const close = async (): Promise<void> => {
      await app.close();
      emulator.close();
    };
    return { emulator, close, client: new TestClient(app, 'key_a', emulator) };
  };
  return { clock, open, warnings };
}
