import { describe, expect, it, onTestFinished } from 'vitest';
import { startEmulator, type StartOptions } from '../../src/index.js';
import type { WebhookEvent } from '../../src/domain/webhooks/webhook-event.js';
import { webhookApps } from '../support/webhook-apps.js';

const events: WebhookEvent[] = [
  ...(['call_started', 'call_ended', 'call_analyzed', 'transcript_updated'] as const),
  ...(['transfer_started', 'transfer_ended', 'chat_started', 'chat_analyzed'] as const),
];

async function start(options: StartOptions = {}) {
  const emulator = await startEmulator(options);
  onTestFinished(() => emulator.close());
  return emulator.workspace('key_of_the_account');
}

describe.each(webhookApps)('%s', (_name, startApp) => {
  it('accepts every genuine webhook, however far the workspace’s clock has gone', async () => {
    const workspace = await start();
    const accepted: string[] = [];
    const url = await startApp(workspace.apiKey, accepted);
    const call = {
      metadata: { note: 'Zoë says “hi” \u2028 \\ 1e21', 2: 'two', 1: 1e21, '': -0.5 },
    };
    for (const event of events) {
      await workspace.clock.advance('365d');
      const delivery = await workspace.webhooks.send({ event, url, call });
      expect(delivery, JSON.stringify(delivery.error)).toMatchObject({ state: 'delivered', event });
    }
    expect(accepted).toEqual(events);
  });

  it('refuses every forged webhook', async () => {
    const workspace = await start();
    const accepted: string[] = [];
    const url = await startApp(workspace.apiKey, accepted);
    for (const event of events) {
      const report = await workspace.webhooks.forge({ event, url });
      expect(report).toMatchObject({ accepted: [], unanswered: [] });
      expect(report.rejected).toEqual([
        ...['wrong-key', 'no-signature', 'stale', 'changed-body', 'cut-body'],
      ]);
    }
    expect(accepted).toEqual([]);
  });

  it('accepts what is signed with another key that both know', async () => {
    const workspace = await start({ webhookSigningKey: 'whsec_1' });
    const url = await startApp('whsec_1', []);
    const delivery = await workspace.webhooks.send({ event: 'call_ended', url });
    expect(delivery.state).toBe('delivered');
  });

  it('refuses a time of the workspace’s clock, if signatures have that', async () => {
    const workspace = await start({ signatureClock: 'virtual' });
    const url = await startApp(workspace.apiKey, []);
    const delivery = await workspace.webhooks.send({ event: 'call_ended', url });
    expect(delivery.state).toBe('failed');
  });
});

it('a receiver that checks nothing accepts every forged webhook', async () => {
  const workspace = await start();
  const [, startApp] = webhookApps[0] ?? [];
  const url = (await startApp?.(workspace.apiKey, [])) ?? '';
  const careless = url.replace('/webhook', '/nowhere');
  expect(await workspace.webhooks.forge({ url: careless })).toMatchObject({ accepted: [] });
  const { startReceiver } = await import('../support/receiver.js');
  const receiver = await startReceiver();
  const report = await workspace.webhooks.forge({ url: receiver.url });
  expect(report.accepted).toHaveLength(5);
  expect(report.rejected).toEqual([]);
});
