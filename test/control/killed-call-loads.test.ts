import { copyFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { listCalls, place } from '../support/calls.js';
import { advance } from '../support/control.js';
import type { TestClient } from '../support/emulator.js';
import { temporaryFolder } from '../support/files.js';
import { exported, inPause, openTwo } from '../support/large-loads.js';
import { newYear } from '../support/manual-clock.js';

const url = '/_emulator/fixtures';

const sides = { agent_id: 'agent_1', from_number: '+14155550100', to_number: '+14155550123' };

const large = {
  retellLlms: [{ llm_id: 'llm_1', begin_message: 'Hello.' }],
  agents: [
    {
      agent_id: 'agent_1',
      voice_id: 'v',
      response_engine: { type: 'retell-llm', llm_id: 'llm_1' },
    },
  ],
  phoneNumbers: [{ phone_number: '+14155550100' }],
  callRules: [{ match: { toNumber: '+1999*' }, outcome: { disconnectionReason: 'dial_busy' } }],
  calls: Array.from({ length: 150 }, (_, index) => ({
    ...sides,
    ...{ call_id: `call_new_${String(index)}`, transcript: 'Agent: Hello.\nUser: Bye.' },
    ...(index % 2 === 0 && { call_status: 'ongoing' }),
  })),
  generate: { calls: 350, numbers: ['+14155550100'] },
};

/** A workspace with calls of every kind, which a load could change. */
async function fill(client: TestClient): Promise<void> {
  await client.call('POST', url, {
    phoneNumbers: [{ phone_number: '+14155550199' }],
    callRules: [{ outcome: { duration: '20s' }, times: 3 }],
    calls: [{ ...sides, call_id: 'call_given', transcript: 'Agent: As before.' }],
  });
  await place(client);
  await advance(client, '5s');
  await place(client);
}

describe('a load with calls', () => {
  it.each(['', '?replace=true'])('%s leaves nothing if the process is killed', async (query) => {
    const folder = temporaryFolder();
    const [database, copy] = [join(folder, 'a.sqlite'), join(folder, 'copy.sqlite')];
    const { a, b, clock } = openTwo({ database });
    await fill(a);
    const before = await exported(a);
    const calls = await listCalls(a);
    const pauses = inPause(clock, 6, async () => {
      await place(b);
      // What a process that is killed now would leave.
      for (const suffix of ['', '-wal']) copyFileSync(database + suffix, copy + suffix);
    });
    expect(await a.call('POST', `${url}${query}`, large)).toMatchObject({ calls: 500 });
    expect(pauses.turns).toBeGreaterThan(6);

    const revived = openTwo({ database: copy });
    expect(await exported(revived.a)).toEqual(before);
    expect(await listCalls(revived.a)).toEqual(calls);
    expect((await listCalls(revived.b)).items).toHaveLength(1);
    expect(await revived.a.call('GET', '/get-concurrency')).toMatchObject({
      current_concurrency: 2,
    });
    // What was under way goes on, and the same load is taken.
    await advance(revived.a, { until: 'idle' });
    const { items } = await listCalls(revived.a);
    expect(items.map(({ call_status: status }) => status)).toEqual(['ended', 'ended', 'ended']);
    expect(items.every(({ end_timestamp: end = 0 }) => end <= newYear + 60_000)).toBe(true);
    expect(await revived.a.call('POST', url, large)).toMatchObject({ calls: 500 });
  });
});
