import { expect } from 'vitest';
import type { Batch } from './emulator.js';

const headers = { authorization: 'Bearer key_storage', 'content-type': 'application/json' };

interface Answer {
  readonly status: number;
  readonly body: Batch & { readonly message?: string };
}

export async function sendRequest(url: string, init?: RequestInit): Promise<Answer> {
  const answer = await fetch(url, { ...init, headers });
  return { status: answer.status, body: (await answer.json()) as Answer['body'] };
}

export const createBatch = (url: string, runs = 200): Promise<Answer> =>
  sendRequest(`${url}/create-batch-test`, {
    method: 'POST',
    body: JSON.stringify({
      test_case_definition_ids: Array.from({ length: runs }, (_, index) => `case ${String(index)}`),
      response_engine: { type: 'retell-llm', llm_id: 'llm_1' },
    }),
  });

/** Everything that was acknowledged is there, and comes to its end. */
export async function expectAllComplete(
  url: string,
  acknowledged: readonly Batch[],
): Promise<void> {
  expect(acknowledged.length).toBeGreaterThan(0);
  for (const { test_case_batch_job_id: id, total_count } of acknowledged) {
    await fetch(`${url}/_emulator/batch-tests/${id}/wait?timeout=20s`, { headers });
    const { body } = await sendRequest(`${url}/get-batch-test/${id}`);
    expect(body).toMatchObject({ status: 'complete', total_count });
  }
}

export const argsFor = (file: string) => [
  '--port',
  '0',
  '--database',
  file,
  '--run-duration',
  '1ms',
];

/** Creates batches until something else is answered than 201; that, and what was acknowledged. */
export async function createUntilRefused(url: string, runs = 200) {
  const acknowledged: Batch[] = [];
  for (;;) {
    const answer = await createBatch(url, runs);
    if (answer.status !== 201) return { acknowledged, refusal: answer };
    acknowledged.push(answer.body);
  }
}
