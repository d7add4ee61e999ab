import { listCalls, someCall } from './calls.js';
import type { TestClient } from './emulator.js';
import { newYear } from './manual-clock.js';

export interface BatchCall {
  batch_call_id: string;
  name: string;
  scheduled_timestamp: number;
  total_task_count: number;
  call_time_window?: object;
}

export const { from_number, override_agent_id } = someCall;

export const numberOf = (index: number): string => `+1213777${String(1000 + index)}`;

export const tasksOf = (count: number, more: object = {}) =>
  Array.from({ length: count }, (_, index) => ({
    ...{ to_number: numberOf(index), override_agent_id, ...more },
  }));

export const createBatch = (client: TestClient, body: object): Promise<BatchCall> =>
  client.call('POST', '/create-batch-call', { from_number, ...body });

/** The calls of a batch in the order in which they were dialled. */
export async function callsOf(client: TestClient, id: string) {
  const { items } = await listCalls(client, {
    filter_criteria: { batch_call_id: { type: 'string', op: 'eq', value: id } },
    sort_order: 'ascending',
    limit: 1000,
  });
  return items.map((call) => call as typeof call & { to_number: string });
}

export const startsOf = async (client: TestClient, id: string): Promise<number[]> =>
  (await callsOf(client, id)).map(({ start_timestamp: start = 0 }) => start - newYear);
