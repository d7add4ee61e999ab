import type { ServerResponse } from 'node:http';
import type { ReceivedCall } from '../../src/library/workspace.js';
import { callsOn } from './calls.js';
import type { TestClient, TestOptions } from './emulator.js';
import { startReceiver } from './receiver.js';

export const from_number = '+442071234567';
export const to_number = '+14157774444';

export const inboundUrl = '/_emulator/calls/inbound';
export const receive = (client: TestClient, more: object = {}): Promise<ReceivedCall> =>
  client.call('POST', inboundUrl, { from_number, to_number, ...more });

/** The number that is called; an agent takes its calls unless it says otherwise. */
export const createNumber = (client: TestClient, more: object = {}) =>
  client.call('POST', '/create-phone-number', {
    phone_number: to_number,
    inbound_agents: [{ agent_id: 'agent_1', weight: 1 }],
    ...more,
  });

/** A receiver that answers with these statuses and bodies, the last one again and again. */
export async function answering(
  ...answers: readonly (readonly [status: number, body?: unknown])[]
) {
  let count = 0;
  const reply = (_request: unknown, response: ServerResponse): void => {
    const [status, body] = answers[Math.min(count, answers.length - 1)] ?? [500];
    count += 1;
    response.writeHead(status).end(typeof body === 'string' ? body : JSON.stringify(body));
  };
  return startReceiver(reply);
}

/** A number whose webhook answers so. */
export async function asked(
  answers: readonly (readonly [status: number, body?: unknown])[],
  { number = {}, ...options }: TestOptions & { number?: object } = {},
) {
  const receiver = await answering(...answers);
  const { client, clock, emulator } = callsOn(options.settings, options);
  await createNumber(client, { inbound_webhook_url: `${receiver.url}/inbound`, ...number });
  return { receiver, client, clock, emulator };
}
