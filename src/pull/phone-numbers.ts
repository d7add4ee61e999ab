import { agentLists, singleAgentFields } from '../domain/calls/phone-number.js';
import { listOf } from '../domain/json.js';
import type { Ask, Json } from './ask.js';
import { readAll } from './lists.js';
import type { Privacy } from './scrub.js';

interface NumbersOptions {
  /** Only numbers of these agents; all if empty. */
  readonly agents: readonly string[];
}

/** Reads the phone numbers of an account, the oldest first. */
export async function readPhoneNumbers(
  ask: Ask,
  { agents }: NumbersOptions,
  privacy: Privacy,
): Promise<Json[]> {
  const numbers = await readAll(ask, '/v2/list-phone-numbers');
  return numbers
    .filter((number) => agents.length === 0 || hasOneOf(number, agents))
    .reverse()
    .map((number) => privacy.phoneNumber(number));
}

const hasOneOf = (number: Json, agents: readonly string[]): boolean =>
  agentLists.some((list) => {
    const [single] = singleAgentFields[list];
    const ids = [number[single], ...listOf(number[list]).map(({ agent_id: id }) => id)];
    return ids.some((id) => agents.includes(String(id)));
  });
