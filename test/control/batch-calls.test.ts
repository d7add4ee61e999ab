import { afterAll, describe, expect, it } from 'vitest';
import {
  callsOf,
  createBatch,
  from_number,
  numberOf,
  override_agent_id,
  startsOf,
  tasksOf,
} from '../support/batch-calls.js';
import { callsOn, listCalls, readCall, someCall } from '../support/calls.js';
import { advance } from '../support/control.js';
import { TestClient, type TestOptions } from '../support/emulator.js';
import { createNumber, receive } from '../support/inbound.js';
import { newYear } from '../support/manual-clock.js';

const { app, emulator } = callsOn({}, { atEnd: afterAll });
let keys = 0;

/** A workspace of its own whose calls ring for a second and are talked for ten. */
async function workspace(settings: TestOptions['settings'] = {}): Promise<TestClient> {
  keys += 1;
  const client = new TestClient(app, `key_${String(keys)}`, emulator);
  await client.call('PATCH', '/_emulator/settings', settings);
  return client;
}

describe('a batch of calls', () => {
  it('dials its tasks in their order, one a second, each as it says', async () => {
    const client = await workspace();
    const [first, ...others] = tasksOf(3);
    const created = await createBatch(client, {
      name: 'Reminders',
      tasks: [
        { ...first, metadata: { row: 1 }, retell_llm_dynamic_variables: { name: 'Ann' } },
        ...others,
      ],
    });
    expect(created).toEqual({
      batch_call_id: expect.stringMatching(/^batch_call_[0-9a-f]{20}$/) as string,
      ...{ name: 'Reminders', from_number, scheduled_timestamp: newYear, total_task_count: 3 },
    });
    await advance(client, { until: 'idle' });
    const calls = await callsOf(client, created.batch_call_id);
    expect(calls.map(({ to_number: to }) => to)).toEqual([0, 1, 2].map(numberOf));
    expect(await startsOf(client, created.batch_call_id)).toEqual([1000, 2000, 3000]);
    expect(calls[0]).toMatchObject({
      ...{ metadata: { row: 1 }, retell_llm_dynamic_variables: { name: 'Ann' } },
      ...{ from_number, call_status: 'ended', direction: 'outbound' },
    });
  });

  it('dials faster if the setting says so', async () => {
    const client = await workspace({ callsPerSecond: 4 });
    const { batch_call_id: id } = await createBatch(client, { tasks: tasksOf(5) });
    await advance(client, { until: 'idle' });
    expect(await startsOf(client, id)).toEqual([1000, 1250, 1500, 1750, 2000]);
  });

  it('begins at its trigger time', async () => {
    const client = await workspace();
    // A number that is not whole is a time, too.
    const trigger_timestamp = newYear + 3_600_000 - 0.5;
    const { batch_call_id: id, scheduled_timestamp } = await createBatch(client, {
      ...{ tasks: tasksOf(1), trigger_timestamp },
    });
    expect(scheduled_timestamp).toBe(trigger_timestamp);
    await advance(client, '59m');
    expect(await callsOf(client, id)).toEqual([]);
    await advance(client, { until: 'idle' });
    expect(await startsOf(client, id)).toEqual([3_601_000]);
  });

  it('begins at once if its trigger time is past', async () => {
    const client = await workspace();
    const { batch_call_id: id } = await createBatch(client, {
      ...{ tasks: tasksOf(1), trigger_timestamp: 1000 },
    });
    await advance(client, { until: 'idle' });
    expect(await startsOf(client, id)).toEqual([1000]);
  });

  it('dials within its windows only, and says them in one form', async () => {
    const client = await workspace();
    const windows = [
      { start: 61, end: 62 },
      { start: 60, end: 61 },
    ];
    const { batch_call_id: id, call_time_window } = await createBatch(client, {
      ...{ tasks: tasksOf(122), call_time_window: { windows, timezone: 'UTC' } },
    });
    expect(call_time_window).toEqual({ windows: [{ start: 60, end: 62 }], timezone: 'UTC' });
    await client.call('PATCH', '/_emulator/settings', { concurrencyLimit: 1000 });
    await advance(client, { until: 'idle' });
    const starts = await startsOf(client, id);
    const [hour, day] = [3_600_000, 86_400_000];
    expect([starts[0], starts[119], starts[120], starts[121]]).toEqual([
      ...[hour + 1000, hour + 120_000, day + hour + 1000, day + hour + 2000],
    ]);
  });

  it('waits for room, and leaves what is reserved to other calls', async () => {
    const client = await workspace({ concurrencyLimit: 3 });
    const { batch_call_id: id } = await createBatch(client, {
      ...{ tasks: tasksOf(4), reserved_concurrency: 1 },
    });
    await advance(client, '5s');
    expect(await callsOf(client, id)).toHaveLength(2);
    expect(await client.call('GET', '/get-concurrency')).toMatchObject({ current_concurrency: 2 });
    // The reserved one.
    await client.call('POST', '/v2/create-phone-call', someCall);
    await advance(client, { until: 'idle' });
    // When the first and the second of the batch are over.
    expect((await startsOf(client, id)).slice(2)).toEqual([12_000, 13_000]);
  });

  it.each([
    ['stop-call', 'POST', '/v2/stop-call/'],
    ['delete-call', 'DELETE', '/v2/delete-call/'],
  ] as const)('goes on when %s makes room', async (_name, method, path) => {
    const client = await workspace({ concurrencyLimit: 1, callDuration: '1h' });
    const { batch_call_id: id } = await createBatch(client, { tasks: tasksOf(2) });
    await advance(client, '1m');
    const [call] = await callsOf(client, id);
    await client.call(method, path + (call?.call_id ?? ''));
    await advance(client, '1s');
    const calls = await callsOf(client, id);
    expect(calls.at(-1)).toMatchObject({ to_number: numberOf(1), call_status: 'ongoing' });
  });

  it('goes on when the limit is raised', async () => {
    const client = await workspace({ concurrencyLimit: 1, callDuration: '1h' });
    const { batch_call_id: id } = await createBatch(client, { tasks: tasksOf(3) });
    await advance(client, '1m');
    await client.call('PATCH', '/_emulator/settings', { concurrencyLimit: 2 });
    await advance(client, '10s');
    expect(await callsOf(client, id)).toHaveLength(2);
  });

  it('comes after calls that come in and wait', async () => {
    const client = await workspace({ concurrencyLimit: 1 });
    await createNumber(client);
    const { batch_call_id: id } = await createBatch(client, { tasks: tasksOf(2) });
    await advance(client, '3s');
    const { callId } = await receive(client);
    await advance(client, { until: 'idle' });
    const { start_timestamp: start = 0 } = await readCall(client, callId);
    const [, second = 0] = await startsOf(client, id);
    expect(start - newYear).toBeLessThan(second);
  });

  it('shares the calls of a second with other batches', async () => {
    const client = await workspace();
    const batches = [
      await createBatch(client, { tasks: tasksOf(3) }),
      await createBatch(client, { tasks: tasksOf(3) }),
    ];
    await advance(client, { until: 'idle' });
    const starts = [];
    for (const { batch_call_id: id } of batches) starts.push(...(await startsOf(client, id)));
    expect(starts.sort((a, b) => a - b)).toEqual([1000, 2000, 3000, 4000, 5000, 6000]);
  });

  it.each(['immediate', 'polls=2'])('with progression %s needs no time', async (progression) => {
    const client = await workspace({ progression });
    const { batch_call_id: id } = await createBatch(client, {
      ...{ tasks: tasksOf(3), trigger_timestamp: newYear },
    });
    await client.call('GET', '/get-concurrency');
    for (const { call_id } of await callsOf(client, id)) {
      for (let reads = 0; reads < 3; reads += 1) await readCall(client, call_id);
    }
    const calls = await callsOf(client, id);
    expect(calls).toHaveLength(3);
    for (const call of calls) expect(call).toMatchObject({ call_status: 'ended' });
  });

  it('is decided by call rules and the digits of numbers, as other calls are', async () => {
    const client = await workspace();
    await client.call('POST', '/_emulator/call-rules', {
      match: { metadata: { vip: true } },
      outcome: { disconnectionReason: 'user_declined' },
    });
    const tasks = [
      { to_number: '+12137779001', override_agent_id },
      { to_number: numberOf(1), override_agent_id, metadata: { vip: true } },
    ];
    const { batch_call_id: id } = await createBatch(client, { tasks });
    await advance(client, { until: 'idle' });
    const reasons = (await callsOf(client, id)).map((call) => call.disconnection_reason);
    expect(reasons.sort()).toEqual(['dial_busy', 'user_declined']);
  });

  it('costs the credit of all its calls when it is created', async () => {
    const limited = callsOn({}, { credit: 3 });
    const refused = await limited.client.send({
      ...{ method: 'POST', url: '/create-batch-call' },
      payload: { from_number, tasks: tasksOf(4) },
    });
    expect(refused.status).toBe(402);
    await createBatch(limited.client, { tasks: tasksOf(3) });
    const { status } = await limited.client.send({
      ...{ method: 'POST', url: '/v2/create-phone-call', payload: someCall },
    });
    expect(status).toBe(402);
    await advance(limited.client, { until: 'idle' });
    expect((await listCalls(limited.client)).items).toHaveLength(3);
  });

  it.each([
    ['no tasks', { tasks: [] }, 400, /tasks/],
    [
      'a number that is none',
      { tasks: [{ to_number: '5', override_agent_id }] },
      ...([400, /body\/tasks\/0\/to_number must be in E\.164 form/] as const),
    ],
    ['no agent', { tasks: [{ to_number: numberOf(0) }] }, 400, /No outbound agent/],
    [
      'a variable that is no text',
      { tasks: tasksOf(1, { retell_llm_dynamic_variables: { a: 1 } }) },
      ...([400, /retell_llm_dynamic_variables\/a must be string/] as const),
    ],
    [
      'a window that ends before it begins',
      { tasks: tasksOf(1), call_time_window: { windows: [{ start: 5, end: 4 }] } },
      ...([400, /body\/call_time_window\/windows\/0\/start/] as const),
    ],
    [
      'a time zone that does not exist',
      { tasks: tasksOf(1), call_time_window: { windows: [{ start: 5, end: 9 }], timezone: 'X' } },
      ...([400, /body\/call_time_window\/timezone/] as const),
    ],
  ])('is refused for %s', async (_what, body, expected, message) => {
    const client = await workspace();
    const { status, body: answer } = await client.send({
      ...{ method: 'POST', url: '/create-batch-call', payload: { from_number, ...body } },
    });
    expect({ status, answer: JSON.stringify(answer) }).toEqual({
      status: expected,
      answer: expect.stringMatching(message) as string,
    });
    await advance(client, { until: 'idle' });
    expect((await listCalls(client)).items).toEqual([]);
  });

  it('drops a task whose agent was deleted meanwhile, and goes on', async () => {
    const client = await workspace({ unknownEngines: 'reject' });
    const llm = await client.call<{ llm_id: string }>('POST', '/create-retell-llm', {});
    const agents = [];
    for (let count = 0; count < 2; count += 1) {
      const { agent_id } = await client.call<{ agent_id: string }>('POST', '/create-agent', {
        response_engine: { type: 'retell-llm', llm_id: llm.llm_id },
        voice_id: '11labs-Adrian',
      });
      agents.push(agent_id);
    }
    const tasks = agents.map((override_agent_id, index) => {
      return { to_number: numberOf(index), override_agent_id };
    });
    const { batch_call_id: id } = await createBatch(client, {
      ...{ tasks, trigger_timestamp: newYear + 5000 },
    });
    await client.call('DELETE', `/delete-agent/${agents[0] ?? ''}`);
    await advance(client, { until: 'idle' });
    expect((await callsOf(client, id)).map(({ to_number: to }) => to)).toEqual([numberOf(1)]);
  });

  it('belongs to its workspace alone', async () => {
    const [first, second] = [await workspace(), await workspace()];
    const { batch_call_id: id } = await createBatch(first, { tasks: tasksOf(1) });
    await advance(first, { until: 'idle' });
    expect(await callsOf(second, id)).toEqual([]);
    expect((await listCalls(second)).items).toEqual([]);
  });

  it('is found by the older list, too', async () => {
    const client = await workspace();
    const { batch_call_id: id } = await createBatch(client, { tasks: tasksOf(2) });
    await client.call('POST', '/v2/create-phone-call', someCall);
    await advance(client, { until: 'idle' });
    const ofBatch = await client.call<object[]>('POST', '/v2/list-calls', {
      filter_criteria: { batch_call_id: [id] },
    });
    expect(ofBatch).toHaveLength(2);
  });
});
