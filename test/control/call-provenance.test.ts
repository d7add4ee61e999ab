import { describe, expect, it } from 'vitest';
import type { components } from '../../src/contract/control.gen.js';
import { callsOn, place, readCall } from '../support/calls.js';
import { advance } from '../support/control.js';
import type { TestClient } from '../support/emulator.js';
import { newYear } from '../support/manual-clock.js';

type Provenance = components['schemas']['CallProvenance'];

const explain = (client: TestClient, id: string): Promise<Provenance> =>
  client.call('GET', `/_emulator/calls/${id}`);

describe('why a call goes as it does', () => {
  it('has its plan with times, what comes next, and what has happened', async () => {
    const { client } = callsOn();
    const { call_id: id } = await place(client);
    const first = await explain(client, id);
    const plan = {
      ...{ disconnectionReason: 'user_hangup', createdAt: newYear, connectsAt: newYear + 1000 },
      ...{ endsAt: newYear + 11_000, analysesAt: newYear + 13_000 },
    };
    expect(first).toEqual({
      ...{ id, status: 'registered', plan, events: [], webhooks: [] },
      decidedBy: { source: 'draw', seed: 'test', draw: expect.any(Number) as number },
      next: { moment: 'connect', at: newYear + 1000, events: ['call_started'] },
      timeline: [{ at: newYear, status: 'registered' }],
    });

    await advance(client, '11s');
    expect(await explain(client, id)).toMatchObject({
      ...{ status: 'ended', plan },
      next: { moment: 'analyse', at: newYear + 13_000, events: ['call_analyzed'] },
      timeline: [
        { at: newYear, status: 'registered' },
        { at: newYear + 1000, status: 'ongoing' },
        { at: newYear + 11_000, status: 'ended' },
      ],
      events: [
        { at: newYear + 1000, event: 'call_started' },
        { at: newYear + 11_000, event: 'call_ended' },
      ],
    });

    await advance(client, '2s');
    const last = await explain(client, id);
    expect(last.next).toBeNull();
    expect(last.events.at(-1)).toEqual({ at: newYear + 13_000, event: 'call_analyzed' });
  });

  it('has the draw, by which the weights chose the reason', async () => {
    const { client } = callsOn({ callOutcomes: { user_hangup: 1, agent_hangup: 1, dial_busy: 2 } });
    for (let index = 0; index < 12; index += 1) {
      const { call_id: id } = await place(client);
      const { decidedBy, plan } = await explain(client, id);
      const { draw = 2 } = decidedBy;
      // The order of the vendor's list.
      const expected = draw < 0.25 ? 'user_hangup' : draw < 0.5 ? 'agent_hangup' : 'dial_busy';
      expect(plan.disconnectionReason).toBe(expected);
    }
  });

  it('names the rule, the digits, the missing room, the time-out, or the client', async () => {
    const { client } = callsOn({ concurrencyLimit: 3, concurrencyExceeded: 'end' });
    const why = async (id: string) => (await explain(client, id)).decidedBy;
    const outcome = { disconnectionReason: 'user_hangup', transferDestination: undefined };
    const rule = await client.call<{ id: string }>('POST', '/_emulator/call-rules', {
      ...{ match: { toNumber: '+1415*' }, outcome },
    });
    const ruled = await place(client, { to_number: '+14155550111' });
    const magic = await place(client, { to_number: '+12125559001' });
    const stopped = await place(client);
    const tooMany = await place(client);
    const body = { agent_id: 'agent_1' };
    const registered = await client.call<{ call_id: string }>(
      ...(['POST', '/v2/register-phone-call', body] as const),
    );
    expect(await why(ruled.call_id)).toEqual({ source: 'rule', rule: rule.id });
    expect(await why(magic.call_id)).toEqual({ source: 'number', digits: '9001' });
    expect(await why(tooMany.call_id)).toEqual({ source: 'concurrency' });
    expect(await why(registered.call_id)).toEqual({ source: 'timeout' });
    await advance(client, '5s');
    await client.call('POST', `/v2/stop-call/${stopped.call_id}`);
    expect(await explain(client, stopped.call_id)).toMatchObject({
      ...{ decidedBy: { source: 'client' }, plan: { disconnectionReason: 'manual_stopped' } },
    });
  });

  it('counts reads under the progression polls', async () => {
    const { client } = callsOn({ progression: { polls: 3 } });
    const { call_id: id } = await place(client);
    await readCall(client, id);
    expect(await explain(client, id)).toMatchObject({
      ...{ next: null, reads: { made: 1, needed: 3 }, plan: { endsAt: null } },
    });
  });

  it('has the transfer', async () => {
    const { client } = callsOn();
    const { call_id: id } = await place(client, { to_number: '+12125559009' });
    await advance(client, { until: 'idle' });
    const { plan, events } = await explain(client, id);
    expect(events.map(({ event }) => event)).toEqual(
      expect.arrayContaining(['transfer_started', 'call_ended', 'transfer_ended']),
    );
    const { transferStartsAt = 0, endsAt, transferEndsAt } = plan;
    expect(transferStartsAt).toBeLessThan(endsAt ?? 0);
    expect(transferEndsAt).toBeGreaterThan(endsAt ?? Infinity);
  });

  it('is 404 for an unknown call', async () => {
    const { client } = callsOn();
    expect((await client.send({ method: 'GET', url: '/_emulator/calls/x' })).status).toBe(404);
  });
});
