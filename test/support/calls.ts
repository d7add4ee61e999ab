import type { components } from '../../src/contract/retell.gen.js';
import { buildStoppedApp } from './control.js';
import type { TestClient, TestOptions } from './emulator.js';

export type Call = components['schemas']['PhoneCall'];
export type ListedCall = components['schemas']['ListedCall'];

export const someCall = {
  from_number: '+14157774444',
  to_number: '+12137774445',
  override_agent_id: 'agent_1',
};

/** Rings for a second, is talked for ten, and is analysed after two. */
export const plainCalls = {
  ...{ ringDuration: '1s', callDuration: '10s', analysisDelay: '2s' },
  callOutcomes: 'user_hangup=1',
} as const;

/** A workspace whose clock stands still and whose calls all go the same. */
export const callsOn = (settings: TestOptions['settings'] = {}, options: TestOptions = {}) =>
  buildStoppedApp({ ...options, settings: { ...plainCalls, ...settings } });

export const place = (client: TestClient, body: object = {}): Promise<Call> =>
  client.call('POST', '/v2/create-phone-call', { ...someCall, ...body });

export const readCall = (client: TestClient, id: string): Promise<Call> =>
  client.call('GET', `/v2/get-call/${id}`);

export interface ListAnswer {
  items: ListedCall[];
  has_more: boolean;
  pagination_key?: string;
  total?: number;
}

export const listCalls = (client: TestClient, body: object = {}): Promise<ListAnswer> =>
  client.call('POST', '/v3/list-calls', body);
