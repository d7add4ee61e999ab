import { buildTestApp, type Batch, type TestClient, type TestOptions } from './emulator.js';
import { newYear } from './manual-clock.js';

/** A workspace whose clock stands still at the new year, behind HTTP. */
export function buildStoppedApp(options: TestOptions = {}) {
  const initialClock = () => ({ mode: 'manual', time: newYear }) as const;
  const parts = buildTestApp({ initialClock, ...options });
  return { ...parts, client: parts.client() };
}

/** One second for each run, all of which pass. */
export const plainSettings = { runDuration: '1s', outcomes: 'pass=1' } as const;

export const advance = (client: TestClient, body: object | string) =>
  client.call('POST', '/_emulator/clock/advance', typeof body === 'string' ? { by: body } : body);

export const progress = ({ pass_count, fail_count, error_count, status }: Batch) => ({
  ended: pass_count + fail_count + error_count,
  status,
});
