import { test as base } from 'retell-emulator/vitest';
import Retell from 'retell-sdk';
import { buildApp } from './app.js';
import { Reminders } from './reminders.js';

/** The application against a workspace of its own. Hours pass in no time: the clock is the emulator's. */
const test = base.extend({
  office: async ({ workspace }, use) => {
    const { apiKey, url: baseURL } = workspace;
    const client = new Retell({ apiKey, baseURL, maxRetries: 0 });
    const llm = await client.llm.create({ begin_message: 'Hello, it is about your appointment.' });
    const agent = await client.agent.create({
      agent_name: 'Reminders',
      voice_id: '11labs-Adrian',
      response_engine: { type: 'retell-llm', llm_id: llm.llm_id },
      post_call_analysis_data: [
        { type: 'boolean', name: 'confirmed', description: 'Whether they will come' },
      ],
    });
    let { now } = await workspace.clock.get();
    const reminders = new Reminders({
      ...{ client, agentId: agent.agent_id, fromNumber: '+14155550100' },
      now: () => now,
      pageSize: 10,
    });
    const app = buildApp({ reminders, apiKey });
    const address = await app.listen({ port: 0, host: '127.0.0.1' });
    await client.agent.update(agent.agent_id, { webhook_url: `${address}/webhook` });

    const send = async (path, options) => {
      const response = await fetch(address + path, options);
      return response.json();
    };
    await use({
      reconcile: () => reminders.reconcile(),
      url: `${address}/webhook`,
      /** Asks for a reminder, and returns its id. */
      remind: async (phone = '+14155550123') => {
        const headers = { 'content-type': 'application/json' };
        const body = JSON.stringify({ phone });
        return (await send('/reminders', { method: 'POST', headers, body })).id;
      },
      read: (id) => send(`/reminders/${id}`),
      /** Lets time pass, minute by minute as the application sees it. */
      pass: async (minutes) => {
        for (let minute = 0; minute < minutes; minute += 1) {
          ({ now } = await workspace.clock.advance('1m'));
          await reminders.tick();
        }
      },
    });
    await app.close();
  },
});

const confirmed = { duration: '40s', analysis: { custom: { confirmed: true } } };

test('knows from the three webhooks of a call what became of it', async ({
  office,
  workspace,
  expect,
}) => {
  await workspace.callRules.add({ outcome: { ring: '10s', ...confirmed } });
  const id = await office.remind();
  expect(await office.read(id)).toMatchObject({ state: 'calling', calls: 1 });
  await workspace.clock.advance('10s');
  expect(await office.read(id)).toMatchObject({ state: 'talking' });
  await office.pass(5);
  const { callId } = await office.read(id);
  expect(await office.read(id)).toMatchObject({ state: 'confirmed' });
  for (const event of ['call_started', 'call_ended', 'call_analyzed']) {
    await workspace.webhooks.expect({ event, callId, status: 204, count: 1 });
  }
});

test('is not confused by webhooks out of order', async ({ office, workspace, expect }) => {
  await workspace.callRules.add({ outcome: confirmed });
  // The first one comes last.
  await workspace.faults.add({
    match: { event: 'call_started' },
    webhook: { holdUntil: 'call_analyzed' },
  });
  const id = await office.remind();
  await office.pass(10);
  const events = (await workspace.webhooks.list()).items.map(({ event }) => event);
  expect(events).toEqual(['call_ended', 'call_analyzed', 'call_started']);
  expect(await office.read(id)).toMatchObject({ state: 'confirmed', calls: 1 });
});

test('is not confused by webhooks that come twice', async ({ office, workspace, expect }) => {
  await workspace.callRules.add({ outcome: { disconnectionReason: 'dial_no_answer' } });
  await workspace.faults.add({ match: { event: 'call_ended' }, webhook: { duplicates: 1 } });
  const id = await office.remind();
  await office.pass(30);
  expect(await workspace.webhooks.count({ event: 'call_ended', status: 204 })).toBe(2);
  // One call was not answered, and not two.
  expect(await office.read(id)).toMatchObject({ state: 'waiting', calls: 1 });
});

test('finds out by the list of calls what a lost webhook would have said', async ({
  office,
  workspace,
  expect,
}) => {
  await workspace.callRules.add({ outcome: confirmed });
  await workspace.faults.add({ match: { event: 'call_analyzed' }, webhook: { drop: true } });
  const id = await office.remind();
  await office.pass(60);
  expect(await office.read(id)).toMatchObject({ state: 'talked' });
  await office.reconcile();
  expect(await office.read(id)).toMatchObject({ state: 'confirmed' });
  // The list was asked once, and its request was right.
  await workspace.requests.expect({ operation: 'listCallsV3', status: 200, count: 1 });
});

test('reads all pages of the list, where no webhook came', async ({
  office,
  workspace,
  expect,
}) => {
  await workspace.callRules.add({ outcome: confirmed });
  await workspace.faults.add({ webhook: { drop: true } });
  const ids = [];
  for (let count = 1; count <= 25; count += 1) {
    ids.push(await office.remind());
    if (count % 15 === 0) await office.pass(5);
  }
  await office.pass(5);
  await office.reconcile();
  const reminders = await Promise.all(ids.map((id) => office.read(id)));
  expect(new Set(reminders.map(({ state }) => state))).toEqual(new Set(['confirmed']));
});

test('finds out that nobody answered, where no webhook said so', async ({
  office,
  workspace,
  expect,
}) => {
  await workspace.callRules.add({ outcome: { disconnectionReason: 'dial_busy' } });
  await workspace.faults.add({ webhook: { drop: true } });
  const id = await office.remind();
  await office.pass(60);
  await office.reconcile();
  expect(await office.read(id)).toMatchObject({ state: 'waiting', calls: 1 });
});

test('calls again an hour later, until somebody answers', async ({ office, workspace, expect }) => {
  await workspace.callRules.add({
    sequence: [
      { disconnectionReason: 'dial_busy' },
      { disconnectionReason: 'dial_no_answer' },
      { ...confirmed, analysis: { custom: { confirmed: false } } },
    ],
  });
  const id = await office.remind();
  await office.pass(50);
  expect(await office.read(id)).toMatchObject({ state: 'waiting', calls: 1 });
  await office.pass(60);
  expect(await office.read(id)).toMatchObject({ state: 'waiting', calls: 2 });
  await office.pass(60);
  expect(await office.read(id)).toMatchObject({ state: 'declined', calls: 3 });
});

test('gives up after three calls', async ({ office, workspace, expect }) => {
  await workspace.callRules.add({ outcome: { disconnectionReason: 'dial_no_answer' } });
  const id = await office.remind();
  await office.pass(12 * 60);
  expect(await office.read(id)).toMatchObject({ state: 'unreached', calls: 3 });
  const { items } = await workspace.requests.list({ operation: 'createPhoneCall' });
  expect(items).toHaveLength(3);
});

test('takes no webhook that somebody else has signed', async ({ office, workspace, expect }) => {
  expect(await workspace.webhooks.forge({ url: office.url })).toMatchObject({ accepted: [] });
});
