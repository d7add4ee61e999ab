import { describe, expect, it } from 'vitest';
import { callsOf, createBatch, numberOf, startsOf, tasksOf } from '../support/batch-calls.js';
import { callsOn, listCalls } from '../support/calls.js';
import { advance } from '../support/control.js';
import { TestClient } from '../support/emulator.js';
import { restarts } from '../support/restarts.js';

describe('a batch of calls that is half dialled', () => {
  async function halfDialled(client: TestClient) {
    const { batch_call_id: id } = await createBatch(client, { tasks: tasksOf(4) });
    await advance(client, '1500ms');
    expect(await startsOf(client, id)).toHaveLength(2);
    return id;
  }

  it('goes on after an export and a load', async () => {
    const { client, app, emulator } = callsOn();
    const other = new TestClient(app, 'key_b', emulator);
    const id = await halfDialled(client);
    const exported = await client.call<Record<string, object[]>>('GET', '/_emulator/export');
    await other.call('POST', '/_emulator/fixtures', exported);
    const { batchCalls, batchCallTasks } = exported;
    expect(await other.call('GET', '/_emulator/export')).toMatchObject({
      ...{ batchCalls, batchCallTasks },
    });
    expect(batchCallTasks).toHaveLength(2);
    await advance(other, { until: 'idle' });
    expect(await startsOf(other, id)).toEqual([1000, 2000, 3000, 4000]);
    expect((await callsOf(other, id)).map(({ to_number: to }) => to)).toEqual(
      [0, 1, 2, 3].map(numberOf),
    );
  });

  it('goes on after a restore as it did before', async () => {
    const { client } = callsOn();
    const id = await halfDialled(client);
    await client.call('POST', '/_emulator/snapshots/half');
    await advance(client, { until: 'idle' });
    const calls = await callsOf(client, id);
    await client.call('POST', '/_emulator/snapshots/half/restore');
    await advance(client, { until: 'idle' });
    expect(await callsOf(client, id)).toEqual(calls);
  });

  it('ends with a reset', async () => {
    const { client } = callsOn();
    await halfDialled(client);
    await client.call('POST', '/_emulator/reset');
    await advance(client, '1h');
    expect((await listCalls(client)).items).toEqual([]);
  });

  it('goes on after a restart', async () => {
    const { open } = restarts();
    const first = open();
    const id = await halfDialled(first.client);
    await first.close();
    const second = open();
    await advance(second.client, { until: 'idle' });
    expect(await startsOf(second.client, id)).toEqual([1000, 2000, 3000, 4000]);
    await second.close();
  });
});
