import { describe, expect, it } from 'vitest';
import { controlTable } from '../../src/operations/control/table.js';
import { callsOn, place } from '../support/calls.js';
import { advance } from '../support/control.js';
import { brief, eventsOf, listDeliveries, webhookOf } from '../support/deliveries.js';
import { startReceiver } from '../support/receiver.js';
import { restarts } from '../support/restarts.js';

/** Two failed attempts of `call_started` have been made, and the call is talked. */
async function afterFailures() {
  let isUp = false;
  const receiver = await startReceiver((_request, response) => {
    response.writeHead(isUp ? 204 : 503).end();
  });
  const parts = callsOn({ webhookUrl: receiver.url });
  const { client } = parts;
  await place(client);
  await advance(client, '2s');
  expect(receiver.received).toHaveLength(2);
  isUp = true;
  receiver.received.length = 0;
  return { ...parts, receiver };
}

describe('webhooks that wait', () => {
  it('are dropped by a reset', async () => {
    const { client, receiver, emulator } = await afterFailures();
    await client.call('POST', '/_emulator/reset');
    expect(emulator.store.deliveries.listWorkspaces()).toEqual([]);
    await advance(client, '1h');
    expect(receiver.received).toEqual([]);
  });

  it('are dropped by a restore, and those of the snapshot’s calls come afresh', async () => {
    const { client, receiver } = await afterFailures();
    await client.call('POST', '/_emulator/snapshots/talking');
    await client.call('POST', '/_emulator/snapshots/talking/restore');
    expect((await listDeliveries(client)).map(brief)).toEqual([
      { event: 'call_started', state: 'cancelled', statuses: [503, 503] },
    ]);
    await advance(client, { until: 'idle' });
    expect(eventsOf(receiver)).toEqual(['call_ended', 'call_analyzed']);
    await client.call('POST', '/_emulator/snapshots/talking/restore');
    await advance(client, { until: 'idle' });
    expect(eventsOf(receiver).slice(2)).toEqual(['call_ended', 'call_analyzed']);
    const [, ended, , again] = (await listDeliveries(client)).map(({ id, body }) => ({ id, body }));
    expect(again).toEqual(ended);
  });

  it('are dropped by fixtures that replace the workspace, and kept where these cannot be loaded', async () => {
    const { client, receiver } = await afterFailures();
    const load = (payload: object) =>
      client.send({ method: 'POST', url: '/_emulator/fixtures?replace=true', payload });
    const wrong = { batchTests: [{ testCaseIds: ['a'], responseEngine: { type: 'x' } }] };
    expect((await load(wrong)).status).toBe(400);
    await advance(client, '2s');
    expect(eventsOf(receiver)).toEqual(['call_started']);
    expect((await load({})).status).toBe(200);
    await advance(client, '1h');
    expect(eventsOf(receiver)).toEqual(['call_started']);
  });

  it('are not sent after a reset that came while one was under way', async () => {
    const receiver = await startReceiver(async (_request, response) => {
      await client.call('POST', '/_emulator/reset');
      response.writeHead(500).end();
    });
    const { client } = callsOn({ webhookUrl: receiver.url });
    await place(client);
    const { status } = await client.send({
      ...{ method: 'POST', url: '/_emulator/clock/advance', payload: { by: '1h' } },
    });
    expect(status).toBe(409);
    await advance(client, '1h');
    expect(receiver.received).toHaveLength(1);
    // The journal was emptied, too.
    expect(await listDeliveries(client)).toEqual([]);
  });
});

describe('after a restart', () => {
  /** `call_started` was acknowledged, and `call_ended` was sent, when the first process ends. */
  async function interrupted(settings: object = {}) {
    const parts = restarts();
    let isUp = false;
    const receiver = await startReceiver((request, response) => {
      if (isUp || webhookOf(request).event === 'call_started') response.writeHead(200).end();
    });
    const first = parts.open({ webhookUrl: receiver.url, ...settings });
    const { call_id } = await place(first.client);
    const advancing = first.client.send({
      ...{ method: 'POST', url: '/_emulator/clock/advance', payload: { by: '1h' } },
    });
    while (receiver.received.length < 2) await parts.clock.turn();
    first.emulator.webhooks.close();
    expect((await advancing).status).toBe(503);
    await first.close();
    isUp = true;
    return { ...parts, receiver, call_id };
  }

  it('a webhook that was not acknowledged is sent again once its key is used, and no other is', async () => {
    const { open, warnings, clock, receiver, call_id } = await interrupted();
    expect(eventsOf(receiver)).toEqual(['call_started', 'call_ended']);
    const { client, emulator, close } = open({ webhookUrl: receiver.url });
    const [name = ''] = emulator.workspaces.listNames();
    for (let turn = 0; turn < 20; turn += 1) await clock.turn();
    expect(receiver.received).toHaveLength(2);
    const reason = 'the API key that signs is not known since the start: use it once';
    expect(warnings).toEqual([`webhooks of the workspace ${name} wait: ${reason}`]);
    expect(emulator.webhooks.journal.list(name)).toMatchObject([
      { event: 'call_ended', callId: call_id, state: 'waiting', error: reason, attempts: [] },
    ]);
    await client.call('GET', '/_emulator/webhooks/wait?count=1');
    expect(eventsOf(receiver)).toEqual(['call_started', 'call_ended', 'call_ended']);
    expect((await listDeliveries(client)).map(brief)).toEqual([
      { event: 'call_ended', state: 'delivered', statuses: [200] },
    ]);
    await advance(client, { until: 'idle' });
    expect(eventsOf(receiver)).toEqual([
      ...['call_started', 'call_ended', 'call_ended', 'call_analyzed'],
    ]);
    await close();
  });

  it('a webhook waits for no key where a setting has it, and counts its attempts on', async () => {
    const settings = { webhookSigningKey: 'other', webhookRetryPause: '0s' };
    const { open, receiver, clock } = await interrupted(settings);
    const { emulator, close } = open({ webhookUrl: receiver.url, ...settings });
    while (receiver.received.length < 3) await clock.turn();
    while (emulator.store.deliveries.listWorkspaces().length > 0) await clock.turn();
    expect(eventsOf(receiver)).toEqual(['call_started', 'call_ended', 'call_ended']);
    await close();
  });

  it('an advance does not wait for webhooks that cannot be signed', async () => {
    const { open, receiver } = await interrupted();
    const { emulator, close } = open({ webhookUrl: receiver.url });
    const { advanceClock } = controlTable;
    const [workspace = ''] = emulator.workspaces.listNames();
    const request = { body: { by: '1h' } } as Parameters<typeof advanceClock>[2];
    expect(await advanceClock(emulator, { workspace }, request)).toMatchObject({ runsEnded: 0 });
    expect(receiver.received).toHaveLength(2);
    await close();
  });
});
