import Retell from 'retell-sdk';
import { onTestFinished } from 'vitest';
import { startEmulator, type StartOptions, type Workspace } from '../../src/index.js';

export async function start(options: StartOptions = {}) {
  const emulator = await startEmulator({ validateResponses: true, ...options });
  onTestFinished(() => emulator.close());
  return emulator;
}

export const clientOf = ({ apiKey, url }: Workspace) =>
  new Retell({ apiKey, baseURL: url, maxRetries: 0 });

export const engine = { type: 'retell-llm', llm_id: 'llm_1' } as const;

export const createBatch = (workspace: Workspace, ids: string[]) =>
  clientOf(workspace).tests.createBatchTest({
    response_engine: engine,
    test_case_definition_ids: ids,
  });

/** What a test may see of a workspace that it has to itself. */
export async function runBatch(workspace: Workspace, count: number) {
  const batch = await createBatch(
    workspace,
    Array.from({ length: count }, (_, index) => `case ${String(index)}`),
  );
  const advances = [await workspace.clock.advance('1500ms'), await workspace.settle()];
  const { items } = await clientOf(workspace).tests.listTestRuns(batch.test_case_batch_job_id, {
    limit: 1000,
  });
  return { batch, happened: advances, items };
}
