import type { Delivery, DeliveryPage } from '../../src/library/workspace.js';
import type { Call } from './calls.js';
import type { TestClient } from './emulator.js';
import type { ReceivedRequest } from './receiver.js';

/** The body of a webhook about a call. */
export interface CallWebhook {
  event: string;
  event_timestamp: number;
  call: Call;
}

export const webhookOf = ({ body }: ReceivedRequest): CallWebhook =>
  JSON.parse(body) as CallWebhook;

/** The events that a receiver got, in the order in which they came. */
export const eventsOf = ({ received }: { received: readonly ReceivedRequest[] }): string[] =>
  received.map((request) => webhookOf(request).event);

export const listDeliveries = async (client: TestClient, query = ''): Promise<Delivery[]> =>
  (await client.call<DeliveryPage>('GET', `/_emulator/webhooks?limit=1000&${query}`)).items;

/** What a test looks at of a delivery. */
export const brief = ({ event, state, attempts }: Delivery) => ({
  event,
  state,
  statuses: attempts.map(({ status }) => status),
});

/** Times of attempts, in milliseconds from a moment on. */
export const timesSince = (start: number, { attempts }: Delivery): number[] =>
  attempts.map(({ time }) => time - start);
