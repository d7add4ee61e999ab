import { describe, expect, it } from 'vitest';
import { callsOn, place, readCall, type Call } from '../support/calls.js';
import { advance } from '../support/control.js';
import type { TestClient } from '../support/emulator.js';

const agentBody = {
  response_engine: { type: 'retell-llm', llm_id: 'llm_1' },
  voice_id: '11labs-Adrian',
  agent_name: 'Shop',
};

const createAgent = async (client: TestClient, body: object = {}): Promise<string> => {
  const { agent_id: id } = await client.call<{ agent_id: string }>(
    ...(['POST', '/create-agent', { ...agentBody, ...body }] as const),
  );
  return id;
};

const send = async (
  client: TestClient,
  method: 'POST' | 'PUT' | 'PATCH',
  url: string,
  payload?: object,
) => {
  const { status, body } = await client.send({ method, url, ...(payload && { payload }) });
  return { status, message: (body as { message?: string }).message };
};

describe('a call that is under way', () => {
  const ongoing = async (client: TestClient, body: object = {}) => {
    const { call_id: id } = await place(client, body);
    await advance(client, '4s');
    return id;
  };

  it('is stopped once, with what was said until then', async () => {
    const { client } = callsOn();
    const [stopped, left] = [await place(client), await place(client)];
    await advance(client, '6s');
    const url = `/v2/stop-call/${stopped.call_id}`;
    expect((await client.send({ method: 'POST', url })).status).toBe(204);
    expect((await client.send({ method: 'POST', url })).status).toBe(422);
    const now = await readCall(client, stopped.call_id);
    expect(now).toMatchObject({
      ...{ call_status: 'ended', disconnection_reason: 'manual_stopped', duration_ms: 5000 },
    });
    expect(now).not.toHaveProperty('call_analysis');
    await advance(client, { until: 'idle' });
    const [half, whole] = [
      await readCall(client, stopped.call_id),
      await readCall(client, left.call_id),
    ];
    expect(half.call_analysis).toBeDefined();
    expect(half.duration_ms).toBe(5000);
    const words = (call: Call) =>
      (call.transcript_object ?? []).flatMap((utterance) => utterance.words).length;
    expect(words(half)).toBeGreaterThan(0);
    expect(words(half)).toBeLessThan(words(whole));
  });

  it('cannot be stopped before somebody answers', async () => {
    const { client } = callsOn();
    const { call_id: id } = await place(client);
    expect(await send(client, 'POST', `/v2/stop-call/${id}`)).toMatchObject({ status: 422 });
  });

  it('is told something, which stands in its transcript', async () => {
    const { client } = callsOn();
    const id = await ongoing(client, { metadata: { a: 1 } });
    const url = `/v2/update-live-call/${id}`;
    const change = {
      call_control: { additional_context: 'A ticket was opened.', trigger_response: true },
      fields_to_override: {
        ...{ metadata: { b: 2 }, override_dynamic_variables: { discount: '15%' } },
        data_storage_setting: 'everything_except_pii',
      },
    };
    expect(await client.call('PATCH', url, change)).toEqual({ success: true });
    expect(await readCall(client, id)).toMatchObject({
      ...{ metadata: { b: 2 }, data_storage_setting: 'everything_except_pii' },
    });
    const looser = { fields_to_override: { data_storage_setting: 'everything' } };
    expect(await send(client, 'PATCH', url, looser)).toMatchObject({ status: 400 });
    await advance(client, { until: 'idle' });
    const call = await readCall(client, id);
    expect(call.transcript_with_tool_calls).toContainEqual({
      ...{ role: 'injected', content: 'A ticket was opened.', time_sec: 3 },
    });
    expect(await send(client, 'PATCH', url, change)).toMatchObject({ status: 422 });
  });

  it('is deleted, and nothing more comes of it', async () => {
    const { client } = callsOn();
    const id = await ongoing(client);
    const remove = { method: 'DELETE', url: `/v2/delete-call/${id}` } as const;
    expect((await client.send(remove)).status).toBe(204);
    const { status, body } = await client.send(remove);
    expect({ status, body }).toEqual({
      status: 404,
      body: { status: 'error', message: `Item ${id} not found from call` },
    });
    await advance(client, { until: 'idle' });
    expect((await client.send({ method: 'GET', url: `/v2/get-call/${id}` })).status).toBe(404);
  });

  it('comes back with a snapshot, goes on after it, and goes with a reset', async () => {
    const { client } = callsOn();
    const id = await ongoing(client);
    await client.call('POST', '/_emulator/snapshots/a');
    await advance(client, { until: 'idle' });
    const over = await readCall(client, id);
    await client.call('POST', '/_emulator/snapshots/a/restore');
    expect(await readCall(client, id)).toMatchObject({ call_status: 'ongoing' });
    await advance(client, { until: 'idle' });
    expect(await readCall(client, id)).toEqual(over);
    await client.call('POST', '/_emulator/reset');
    expect((await client.send({ method: 'GET', url: `/v2/get-call/${id}` })).status).toBe(404);
  });
});

describe('a call that is over', () => {
  const over = async (client: TestClient, body: object = {}) => {
    const { call_id: id } = await place(client, body);
    await advance(client, { until: 'idle' });
    return id;
  };

  it('is changed in metadata and storage, never to store more', async () => {
    const { client } = callsOn();
    const id = await over(client);
    const url = `/v2/update-call/${id}`;
    const change = { metadata: { a: 1 }, data_storage_setting: 'basic_attributes_only' };
    const changed = await client.call('PATCH', url, change);
    expect(changed).toMatchObject(change);
    expect(changed).toHaveProperty('transcript');
    const looser = { data_storage_setting: 'everything' };
    expect(await send(client, 'PATCH', url, looser)).toMatchObject({ status: 400 });
    await advance(client, '10m');
    const forgotten = await readCall(client, id);
    for (const name of ['transcript', 'recording_url', 'call_analysis']) {
      expect(forgotten).not.toHaveProperty(name);
    }
    expect(forgotten).toMatchObject({ metadata: { a: 1 }, duration_ms: 10_000 });
  });

  it('is changed while it goes on with a warning only, by policy not at all', async () => {
    const { client } = callsOn();
    const { call_id: id } = await place(client);
    const url = `/v2/update-call/${id}`;
    await client.call('PATCH', url, { metadata: { a: 1 } });
    await client.call('PATCH', '/_emulator/settings', { deprecated: 'reject' });
    expect(await send(client, 'PATCH', url, { metadata: {} })).toMatchObject({ status: 422 });
    const warned = await client.call<{ items: { path: string; warnings: string[] }[] }>(
      ...(['GET', '/_emulator/requests'] as const),
    );
    const warnings = warned.items
      .filter(({ path }) => path === url)
      .flatMap((entry) => entry.warnings);
    expect(warnings).toEqual([expect.stringContaining('update-live-call')]);
  });

  it('is analysed again, which costs credit', async () => {
    const { client } = callsOn({}, { credit: 2 });
    const agent = await createAgent(client, {
      post_call_analysis_data: [{ type: 'number', name: 'guests', description: 'How many' }],
    });
    const id = await over(client, { override_agent_id: agent });
    const url = `/rerun-call-analysis/${id}`;
    const again = await client.call('PUT', url);
    expect(await readCall(client, id)).toEqual(again);
    expect(await send(client, 'PUT', url)).toMatchObject({ status: 402 });
  });

  it('cannot be analysed again before it was', async () => {
    const { client } = callsOn();
    const { call_id: id } = await place(client);
    expect(await send(client, 'PUT', `/rerun-call-analysis/${id}`)).toMatchObject({ status: 422 });
  });
});
