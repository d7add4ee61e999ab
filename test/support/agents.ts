import type { TestClient } from './emulator.js';

export type Json = Record<string, unknown>;

export async function createLlm(client: TestClient, begin_message = 'Hi'): Promise<string> {
  const { llm_id } = await client.call('POST', '/create-retell-llm', { begin_message });
  return String(llm_id);
}

export async function createAgent(client: TestClient, engine: object): Promise<string> {
  const body = { voice_id: 'v', response_engine: engine };
  return String((await client.call('POST', '/create-agent', body))['agent_id']);
}

export async function create(client: TestClient) {
  const llmId = await createLlm(client);
  return { llmId, id: await createAgent(client, { type: 'retell-llm', llm_id: llmId }) };
}

export const get = (client: TestClient, path: string): Promise<Json> =>
  client.call('GET', `/get-${path}`);

export const createVersion = (client: TestClient, id: string, base_version = 0): Promise<Json> =>
  client.call('POST', `/create-agent-version/${id}`, { base_version });

export const publish = (client: TestClient, id: string, version = 0, labels: object = {}) =>
  client.call('POST', `/publish-agent-version/${id}`, { version, ...labels });
