import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { components } from '../../src/contract/control.gen.js';
import {
  connectsBefore,
  disconnectionReasons,
  statusOfReason,
} from '../../src/domain/calls/call.js';
import { callsOn, place, readCall } from '../support/calls.js';
import { advance } from '../support/control.js';
import type { TestClient } from '../support/emulator.js';
import { newYear } from '../support/manual-clock.js';

type Provenance = components['schemas']['CallProvenance'];
type Act = 'answer' | 'say' | 'hang-up' | 'end';

const send = (client: TestClient, id: string, act: Act, payload?: object) =>
  client.send({
    method: 'POST',
    url: `/_emulator/calls/${id}/${act}`,
    ...(payload && { payload }),
  });

async function act(client: TestClient, id: string, what: Act, payload?: object) {
  const { status, body } = await send(client, id, what, payload);
  expect(status, String(body['message'])).toBe(200);
  return body as unknown as Provenance;
}

const user = (content: string) => ({ role: 'user', content });
const agent = (content: string) => ({ role: 'agent', content });

async function placeByHand(settings: object = {}) {
  const { client } = callsOn({ progression: 'manual', ...settings });
  return { client, id: (await place(client)).call_id };
}

describe('a call that is moved by hand', () => {
  it('rings until it is answered, and has what was said, when it was said', async () => {
    const { client, id } = await placeByHand();
    await advance(client, '1h');
    expect(await readCall(client, id)).toMatchObject({ call_status: 'registered' });
    const connectedAt = newYear + 3_600_000;
    expect(await act(client, id, 'answer')).toMatchObject({
      ...{ status: 'ongoing', decidedBy: { source: 'hand' }, next: null },
      plan: { connectsAt: connectedAt, endsAt: null, disconnectionReason: null },
    });

    await advance(client, '2s');
    await act(client, id, 'say', agent('Good morning. How can I help?'));
    await advance(client, '4s');
    await act(client, id, 'say', user('A table for two.'));
    await act(client, id, 'say', { role: 'dtmf', digit: '2' });
    const args = { seats: 2 };
    await act(client, id, 'say', { role: 'tool', name: 'book', arguments: args, result: 'done' });
    await advance(client, '3s');
    await act(client, id, 'say', agent('It is booked.'));
    await advance(client, '1s');
    expect(await act(client, id, 'hang-up', { by: 'user' })).toMatchObject({
      ...{ status: 'ended', decidedBy: { source: 'hand' }, next: { moment: 'analyse' } },
      timeline: [
        { at: newYear, status: 'registered' },
        { at: connectedAt, status: 'ongoing' },
        { at: connectedAt + 10_000, status: 'ended' },
      ],
    });

    const call = await readCall(client, id);
    expect(call).toMatchObject({
      ...{ call_status: 'ended', disconnection_reason: 'user_hangup', duration_ms: 10_000 },
      transcript: [
        'Agent: Good morning. How can I help?',
        'User: A table for two.',
        'Agent: It is booked.',
      ].join('\n'),
    });
    expect(call.transcript_with_tool_calls?.map(({ role }) => role)).toEqual([
      ...['agent', 'user', 'dtmf', 'tool_call_invocation', 'tool_call_result', 'agent'],
    ]);
    const starts = call.transcript_object?.map(({ words }) => words[0]?.start);
    expect(starts).toEqual([2, 6, 9]);
    const ends = call.transcript_object?.map(({ words }) => words.at(-1)?.end ?? 0) ?? [];
    expect(Math.max(...ends)).toBeLessThanOrEqual(10);

    await advance(client, '2s');
    expect(await readCall(client, id)).toHaveProperty('call_analysis');
  });

  it.each(disconnectionReasons)('can end as %s, with its status', async (reason) => {
    const { client, id } = await placeByHand();
    if (connectsBefore(reason)) await act(client, id, 'answer');
    await advance(client, '7s');
    await act(client, id, 'end', { disconnectionReason: reason });
    const call = await readCall(client, id);
    expect(call).toMatchObject({
      ...{ call_status: statusOfReason(reason), disconnection_reason: reason },
      end_timestamp: newYear + 7000,
    });
    expect(call.start_timestamp).toBe(connectsBefore(reason) ? newYear : undefined);
    await advance(client, { until: 'idle' });
    expect(await readCall(client, id)).toHaveProperty('call_analysis');
  });

  it('is ended with the analysis, the delay and the recordings that are asked for', async () => {
    const { client, id } = await placeByHand();
    await act(client, id, 'answer');
    await act(client, id, 'end', {
      ...{ disconnectionReason: 'call_transfer', transferDestination: '+14155550177' },
      ...{ analysis: { summary: 'Handed over.' }, analysisDelay: '1m', recording: false },
    });
    const ended = await readCall(client, id);
    expect(ended).toMatchObject({ transfer_destination: '+14155550177' });
    expect(ended).not.toHaveProperty('recording_url');
    await advance(client, '59s');
    expect(await readCall(client, id)).not.toHaveProperty('call_analysis');
    await advance(client, '1s');
    expect(await readCall(client, id)).toMatchObject({
      ...{ call_analysis: { call_summary: 'Handed over.' } },
      transfer_end_timestamp: expect.any(Number) as number,
    });
  });

  it('tells of each turn that is said, if somebody wants to be told', async () => {
    const { client } = callsOn({ progression: 'manual' });
    const { agent_id } = await client.call<{ agent_id: string }>('POST', '/create-agent', {
      ...{ response_engine: { type: 'retell-llm', llm_id: 'llm_1' }, voice_id: '11labs-Adrian' },
      ...{ webhook_url: 'https://app.example.com', webhook_events: ['transcript_updated'] },
    });
    const { call_id: id } = await place(client, { override_agent_id: agent_id });
    await act(client, id, 'answer');
    await act(client, id, 'say', user('Hello?'));
    await advance(client, '1s');
    const { events } = await act(client, id, 'say', agent('Hello.'));
    const turn = 'transcript_updated';
    expect(events.map(({ at, event }) => [at - newYear, event])).toEqual([
      ...[
        [0, 'call_started'],
        [0, turn],
        [1000, turn],
      ],
    ]);
  });

  it('can have no analysis at all', async () => {
    const { client, id } = await placeByHand();
    const end = { disconnectionReason: 'dial_busy', analysis: null };
    expect(await act(client, id, 'end', end)).toMatchObject({ next: null });
    await advance(client, '1d');
    expect(await readCall(client, id)).not.toHaveProperty('call_analysis');
  });

  it('is told apart by clear refusals', async () => {
    const { client, id } = await placeByHand();
    const refusal = async (what: Act, payload?: object) => {
      const { status, body } = await send(client, id, what, payload);
      expect(status).toBe(409);
      return body['message'];
    };
    const hungUp = { disconnectionReason: 'user_hangup' };
    const busy = { disconnectionReason: 'dial_busy' };
    expect(await refusal('say', user('Hi'))).toMatch(/Nobody has answered the call yet/);
    expect(await refusal('hang-up', { by: 'agent' })).toMatch(/Nobody has answered the call yet/);
    expect(await refusal('end', hungUp)).toMatch(/"user_hangup" ends calls that were answered/);
    await act(client, id, 'answer');
    expect(await refusal('answer')).toMatch(/Somebody has answered the call already/);
    expect(await refusal('end', busy)).toMatch(/"dial_busy" ends calls that nobody answered/);
    await act(client, id, 'hang-up', { by: 'agent' });
    for (const [what, payload] of [
      ...([['answer'], ['say', user('Hi')], ['hang-up', { by: 'user' }], ['end', busy]] as const),
    ]) {
      expect(await refusal(what, payload)).toMatch(/The call is over: ended, agent_hangup/);
    }
    expect((await send(client, 'call_x', 'answer')).status).toBe(404);
  });

  it.each([
    ['say', { role: 'bot', content: 'x' }, /body\/role must be "agent" or "user" or/],
    ['hang-up', { by: 'nobody' }, /body\/by must be "user" or "agent"/],
    ['hang-up', undefined, /body must not be empty/],
    ['end', { disconnectionReason: 'busy' }, /body\/disconnectionReason must be/],
    [
      ...(['end', { disconnectionReason: 'user_hangup', transferDestination: '+1' }] as const),
      /body\/transferDestination goes only with/,
    ],
  ] as const)('refuses to %s with %j', async (what, payload, message) => {
    const { client, id } = await placeByHand();
    await act(client, id, 'answer');
    const { status, body } = await send(client, id, what, payload);
    expect(status).toBe(400);
    expect(body['message']).toMatch(message);
  });
});

describe('a call that moves by itself', () => {
  it('goes on as planned from the moment at which it is answered', async () => {
    const { client } = callsOn({ ringDuration: '20s' });
    const { call_id: id } = await place(client);
    await advance(client, '3s');
    expect(await act(client, id, 'answer')).toMatchObject({
      plan: { connectsAt: newYear + 3000, endsAt: newYear + 13_000, analysesAt: newYear + 15_000 },
      next: { moment: 'end', at: newYear + 13_000 },
    });
    await advance(client, '2s');
    await act(client, id, 'say', user('By the way, I am in a hurry.'));
    await advance(client, { until: 'idle' });
    const call = await readCall(client, id);
    expect(call).toMatchObject({ duration_ms: 10_000, disconnection_reason: 'user_hangup' });
    expect(call.transcript).toContain('User: By the way, I am in a hurry.');
    expect(call.transcript).toContain('Agent: ');
  });

  it('is ended early by hand, and has what was said until then', async () => {
    const { client } = callsOn();
    const { call_id: id } = await place(client);
    await advance(client, '6s');
    await act(client, id, 'hang-up', { by: 'agent' });
    await advance(client, { until: 'idle' });
    const call = await readCall(client, id);
    expect(call).toMatchObject({ disconnection_reason: 'agent_hangup', duration_ms: 5000 });
    const ends =
      call.transcript_object?.flatMap(({ words }) => words.map(({ end = 0 }) => end)) ?? [];
    expect(Math.max(...ends)).toBeLessThanOrEqual(5);
  });

  it('cannot be answered if it is planned to end without an answer', async () => {
    const { client } = callsOn();
    const { call_id: id } = await place(client, { to_number: '+12125559001' });
    const { status, body } = await send(client, id, 'answer');
    expect(status).toBe(409);
    expect(body['message']).toMatch(/planned to end as dial_busy, without an answer/);
    await act(client, id, 'end', { disconnectionReason: 'user_declined' });
    expect((await readCall(client, id)).disconnection_reason).toBe('user_declined');
  });

  it('is answered and ended by hand under polls', async () => {
    const { client } = callsOn({ progression: { polls: 9 } });
    const { call_id: id } = await place(client);
    await act(client, id, 'answer');
    expect((await readCall(client, id)).call_status).toBe('ongoing');
    await act(client, id, 'end', { disconnectionReason: 'inactivity' });
    expect((await readCall(client, id)).disconnection_reason).toBe('inactivity');
  });
});

describe('any sequence of what is done by hand', () => {
  const step = fc.oneof(
    fc.constant(['answer', undefined] as const),
    fc.constant(['say', user('Hello to you')] as const),
    fc.constantFrom('user', 'agent').map((by) => ['hang-up', { by }] as const),
    fc
      .constantFrom(...disconnectionReasons)
      .map((disconnectionReason) => ['end', { disconnectionReason }] as const),
    fc.integer({ min: 0, max: 5000 }).map((by) => ['advance', by] as const),
  );

  it('is refused or done as a small model says, and keeps times in order', async () => {
    const { client } = callsOn({ progression: 'manual' });
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 8 }), async (steps) => {
        const { call_id: id } = await place(client);
        let state = 'registered';
        for (const [what, payload] of steps) {
          if (what === 'advance') {
            await advance(client, `${String(payload)}ms`);
            continue;
          }
          const reason = what === 'end' ? payload.disconnectionReason : undefined;
          const needs =
            what === 'answer' || (reason !== undefined && !connectsBefore(reason))
              ? 'registered'
              : 'ongoing';
          const { status } = await send(client, id, what, payload);
          expect(status).toBe(state === needs ? 200 : 409);
          if (state !== needs || what === 'say') continue;
          if (what === 'answer') state = 'ongoing';
          else state = reason === undefined ? 'ended' : statusOfReason(reason);
        }
        const call = await readCall(client, id);
        expect(call.call_status).toBe(state);
        const { start_timestamp: start = 0, end_timestamp: end = Infinity } = call;
        expect(start).toBeLessThanOrEqual(end);
        const times = (call.transcript_object ?? []).flatMap(({ words }) =>
          words.flatMap(({ start = 0, end = 0 }) => [start, end]),
        );
        expect(times).toEqual(times.toSorted((a, b) => a - b));
        for (const time of times) expect(time * 1000).toBeLessThanOrEqual(call.duration_ms ?? 0);
        // Leaves room for the next one.
        await client.call('DELETE', `/v2/delete-call/${id}`);
      }),
      { numRuns: 40 },
    );
  });
});
