import { openEmulator, type EmulatorOptions } from '../emulator.js';
import { ApiError, StartupError } from '../errors.js';
import { openWorkspace } from '../library/open-workspace.js';
import type { Delivery, WebhookToSend, Workspace } from '../library/workspace.js';

export interface TriggerOptions {
  /** The emulator that signs and sends; it lives as long as this takes. */
  readonly emulator: EmulatorOptions;
  readonly apiKey: string;
  /** As the user wrote it. */
  readonly event: string;
  readonly url: string;
  /** What the call or chat is to have; JSON. */
  readonly call: string | undefined;
  /** Whether to send forged ones in its place. */
  readonly forged: boolean;
}

export interface Triggered {
  /** What to print for the user. */
  readonly lines: readonly string[];
  /** True if the receiver did what it should: accept what is genuine, and refuse what is forged. */
  readonly isRight: boolean;
}

/** Sends a webhook. @throws StartupError if what is asked for is wrong. */
export async function trigger({ emulator: options, ...asked }: TriggerOptions): Promise<Triggered> {
  const emulator = openEmulator(options);
  try {
    const workspace = openWorkspace(emulator, asked.apiKey, '');
    return await (asked.forged ? sendForged : sendGenuine)(workspace, readWebhook(asked));
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    throw new StartupError('usage', error.message, { cause: error });
  } finally {
    emulator.close();
  }
}

function readWebhook({ event, url, call }: Omit<TriggerOptions, 'emulator'>): WebhookToSend {
  try {
    return {
      event: event as WebhookToSend['event'],
      url,
      ...(call !== undefined && { call: JSON.parse(call) as Record<string, unknown> }),
    };
  } catch (error) {
    const { message } = error as Error;
    throw new StartupError('usage', `--call must be JSON: ${message}`, { cause: error });
  }
}

async function sendGenuine(workspace: Workspace, webhook: WebhookToSend): Promise<Triggered> {
  const delivery = await workspace.webhooks.send(webhook);
  return { lines: [describe(delivery)], isRight: delivery.state === 'delivered' };
}

async function sendForged(workspace: Workspace, webhook: WebhookToSend): Promise<Triggered> {
  const { accepted, rejected, deliveries } = await workspace.webhooks.forge(webhook);
  const verdict =
    accepted.length > 0
      ? `The receiver accepted forged webhooks: ${accepted.join(', ')}.`
      : `The receiver refused ${String(rejected.length)} of ${String(deliveries.length)} forged webhooks.`;
  return {
    lines: [...deliveries.map(describe), verdict],
    isRight: rejected.length === deliveries.length,
  };
}

function describe({ event, forgery, url, state, error, attempts }: Delivery): string {
  const [attempt] = attempts;
  const latency = attempt?.latency ?? undefined;
  const took = latency === undefined ? '' : ` in ${String(Math.round(latency))} ms`;
  const what = forgery === null ? event : `${event} (${forgery})`;
  const result =
    state === 'delivered' ? `answered with ${String(attempt?.status)}` : `${state}: ${error ?? ''}`;
  return `${what} to ${url}: ${result}${took}`;
}
