import { NotFound, type Ask, type AskOptions, type Json } from './ask.js';
import { readFirst } from './lists.js';
import type { Privacy } from './scrub.js';

interface CallsOptions extends Pick<AskOptions, 'log'> {
  /** Only calls of these agents; all if empty. */
  readonly agents: readonly string[];
  /** How many. */
  readonly calls: number;
}

/** Reads the last calls of an account that are over, the oldest first. */
export async function readCalls(
  ask: Ask,
  { agents, calls: count, log }: CallsOptions,
  privacy: Privacy,
): Promise<Json[]> {
  if (count === 0) return [];
  const over = { type: 'enum', op: 'in', value: ['ended', 'not_connected', 'error'] };
  const filter = {
    call_status: over,
    ...(agents.length > 0 && { agent: agents.map((agent_id) => ({ agent_id })) }),
  };
  const listed = await readFirst(ask, '/v3/list-calls', count, {
    filter_criteria: filter,
    sort_order: 'descending',
  });
  const calls: Json[] = [];
  for (const { call_id: id } of listed.reverse()) {
    const path = `/v2/get-call/${encodeURIComponent(String(id))}`;
    try {
      calls.push(privacy.call(await ask('GET', path, (call) => call['call_id'] === id)));
    } catch (error) {
      if (!(error instanceof NotFound)) throw error;
      log(`left out call ${String(id)}: ${error.message}`);
    }
  }
  return calls;
}
