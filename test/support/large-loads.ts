import type { Fixtures } from '../../src/library/workspace.js';
import { plainSettings } from './control.js';
import {
  buildTestApp,
  retellLlm,
  someDefinition,
  type TestClient,
  type TestOptions,
} from './emulator.js';
import { newYear, type ManualClock } from './manual-clock.js';

export const exported = (client: TestClient) => client.call<Fixtures>('GET', '/_emulator/export');

export const run = { test_case_definition_id: 'mine' };
export const batch = { response_engine: retellLlm, runs: Array<object>(1000).fill(run) };

/** Too much for one piece, of everything that fixtures can have. */
export const large = {
  definitions: Array.from({ length: 100 }, (_, index) => ({
    ...someDefinition,
    test_case_definition_id: index === 0 ? 'mine' : `d${String(index)}`,
  })),
  retellLlms: [{ llm_id: 'there', version: 1 }, { llm_id: 'new' }],
  outcomeRules: [{ match: { name: 'x' }, outcome: { status: 'fail' } }],
  faults: [{ match: { operation: 'getBatchTest' }, latency: '1ms' }],
  settings: { concurrency: 3 },
  credit: 77_000,
  batchTests: [
    ...Array<object>(4).fill(batch),
    { ...batch, runs: [{ ...run, status: 'in_progress' }, ...batch.runs.slice(1)] },
  ],
};

/** Has something done in one of the pauses of long work. */
export function inPause(
  clock: ManualClock,
  number: number,
  work: () => unknown,
): { turns: number } {
  const turn = clock.turn.bind(clock);
  const counted = { turns: 0 };
  clock.turn = async () => {
    counted.turns += 1;
    if (counted.turns === number) await work();
    await turn();
  };
  return counted;
}

/** Two workspaces on clocks that stand still. */
export function openTwo(options: TestOptions = {}) {
  const initialClock = () => ({ mode: 'manual', time: newYear }) as const;
  const { client, ...parts } = buildTestApp({ initialClock, settings: plainSettings, ...options });
  return { ...parts, a: client('key_a'), b: client('key_b') };
}
