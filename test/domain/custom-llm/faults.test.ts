import { expect, test } from 'vitest';
import { Play, says } from '../../support/llm-play.js';

const minute = 60_000;

const fault = (kind: 'drop', rest = {}) => ({ kind, turn: 1, times: 1, delay: 0, ...rest });
const begun = (faults: ReturnType<typeof fault>[] = []) =>
  new Play({ turns: [says('One two three four')], faults }).open().respond(0, '');

/** What goes wrong on purpose. */
const faults: Record<string, () => void> = {
  'late-connect: the emulator connects late': () => {
    const late = { kind: 'late-connect', turn: 1, times: 1, delay: 8000 } as const;
    const play = new Play({ faults: [late] }).pass(7999);
    expect(play.count('connect')).toBe(0);
    expect(play.pass(1).count('connect')).toBe(1);
  },
  'drop: the connection is dropped in the place of a request, which follows over the next': () => {
    const play = begun([fault('drop')]).pass(minute);
    expect([play.requests, play.count('connect')]).toEqual([[], 2]);
    expect(play.open().requests).toEqual([1]);
    expect(play.respond(1, 'Yes').pass(400).said).toEqual([
      'user: One two three four',
      'agent: Yes',
    ]);
  },
  'drop, five times: the connection is lost': () => {
    const play = begun([fault('drop', { times: 5 })]).pass(minute);
    for (let count = 0; count < 4; count += 1) play.open();
    expect(play.end).toMatchObject({ reason: 'error_llm_websocket_lost_connection' });
  },
  'missing-pings: nothing goes through until the connection counts as lost': () => {
    const play = new Play({
      turns: [says('Hi')],
      faults: [{ kind: 'missing-pings', turn: 1, times: 1, delay: 0 }],
    });
    play.open().config({ auto_reconnect: true }).respond(0, '').pass(1000);
    play.server({ response_type: 'ping_pong', timestamp: play.real }).respond(1, 'Lost');
    expect(play.requests).toEqual([]);
    play.wait(5000);
    expect(play.count('connect')).toBe(2);
    expect(play.open().requests).toEqual([1]);
    expect(play.said).toEqual(['user: Hi']);
  },
  'supersede: a request for half a sentence is made stale by the next one': () => {
    const play = new Play({
      turns: [says('One two three four')],
      faults: [{ kind: 'supersede', turn: 1, times: 1, delay: 0 }],
    });
    play
      .open()
      .respond(0, '')
      .pass(500 + 800);
    expect(play.frames.at(-1)).toMatchObject({ response_id: 1, shows: ['user: One two'] });
    play.respond(1, 'Too early').pass(minute);
    expect(play.frames.at(-1)).toMatchObject({
      response_id: 2,
      shows: ['user: One two three four'],
    });
    play.respond(1, 'Stale').respond(2, 'Right').pass(400);
    expect(play.said).toEqual(['user: One two three four', 'agent: Right']);
  },
  'double: a request is sent twice, and one answer is taken': () => {
    const play = new Play({
      turns: [says('Hi')],
      faults: [{ kind: 'double', turn: 1, times: 1, delay: 0 }],
    });
    play.open().respond(0, '').pass(1000);
    expect(play.requests).toEqual([1, 1]);
    expect(play.respond(1, 'A').respond(1, 'B').pass(400).said).toEqual(['user: Hi', 'agent: A']);
  },
  'corrupt: a frame that is cut comes before the request': () => {
    const play = new Play({
      turns: [says('Hi')],
      faults: [{ kind: 'corrupt', turn: 1, times: 1, delay: 0 }],
    });
    play.open().respond(0, '').pass(1000);
    expect(play.sent('response_required').map(({ isCut }) => isCut)).toEqual([true, false]);
  },
};

test.for(Object.entries(faults))('%s', ([, rule]) => {
  rule();
});

test('a user who speaks by hand breaks in on the agent', () => {
  const play = new Play().open().respond(0, 'One two three four');
  play.at += 800;
  play.event({ kind: 'says', content: 'Stop' }).pass(minute);
  expect(play.said).toEqual(['agent: One two', 'user: Stop']);
});

test('a user who speaks by hand waits for an agent who lets nobody break in', () => {
  const play = new Play().open();
  play.respond(0, 'One two', { no_interruption_allowed: true });
  play.event({ kind: 'says', content: 'Stop' }).pass(minute);
  expect(play.said).toEqual(['agent: One two', 'user: Stop']);
});
