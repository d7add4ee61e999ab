import { expect, test } from 'vitest';
import { Play, says } from '../../support/llm-play.js';

const minute = 60_000;

/** One row for each rule of the protocol that is about the connection. */
const rules: Record<string, () => void> = {
  'a connection is tried three times, 7 s each and 3 s apart, and then the call ends': () => {
    const play = new Play();
    expect(play.count('connect')).toBe(1);
    play.wait(6999);
    expect(play.count('drop')).toBe(0);
    play.wait(1);
    expect(play.count('drop')).toBe(1);
    play.wait(2999);
    expect(play.count('connect')).toBe(1);
    play.wait(1).wait(7000 + 3000);
    expect(play.count('connect')).toBe(3);
    expect(play.end).toBeUndefined();
    play.wait(7000);
    expect(play.end).toMatchObject({ reason: 'error_llm_websocket_open' });
  },
  'an attempt that is refused counts like one that takes too long': () => {
    const play = new Play();
    for (let attempt = 1; attempt <= 3; attempt += 1) {
      play.event({ kind: 'failed', problem: 'ECONNREFUSED' }).wait(3000);
    }
    expect(play.count('connect')).toBe(3);
    expect(play.end).toMatchObject({ reason: 'error_llm_websocket_open' });
  },
  'nobody speaks before there is a connection': () => {
    const play = new Play({ turns: [says('Hello?')] }).pass(minute).wait(6000);
    expect(play.said).toEqual([]);
  },
  'a close with 1000 is the agent who hangs up, and nothing is opened again': () => {
    const play = new Play().open().event({ kind: 'closed', code: 1000 });
    expect(play.end).toMatchObject({ reason: 'agent_hangup' });
    expect(play.wait(minute).count('connect')).toBe(1);
  },
  'what came before a close with 1000 is said': () => {
    const play = new Play().open().respond(0, 'Good bye').event({ kind: 'closed', code: 1000 });
    expect(play.end).toBeUndefined();
    play.pass(1000);
    expect(play.said).toEqual(['agent: Good bye']);
    expect(play.end).toMatchObject({ reason: 'agent_hangup' });
  },
  'a close with another code ends the call as an error of the server': () => {
    for (const code of [1001, 1005, 1009, 1011, 4000]) {
      const play = new Play().open().event({ kind: 'closed', code });
      expect(play.end).toMatchObject({ reason: 'error_llm_websocket_runtime' });
    }
  },
  'a dropped connection (1006) is opened again up to four times': () => {
    const play = new Play().open();
    for (let drop = 1; drop <= 4; drop += 1) play.event({ kind: 'closed', code: 1006 }).open();
    expect(play.count('connect')).toBe(5);
    expect(play.end).toBeUndefined();
    play.event({ kind: 'closed', code: 1006 });
    expect(play.end).toMatchObject({ reason: 'error_llm_websocket_lost_connection' });
  },
  'a reconnect that fails counts, and the next one comes 3 s later': () => {
    const play = new Play().open().event({ kind: 'closed', code: 1006 });
    for (let attempt = 1; attempt <= 4; attempt += 1) {
      expect(play.end).toBeUndefined();
      play.event({ kind: 'failed', problem: 'ECONNREFUSED' }).wait(3000);
    }
    expect(play.end).toMatchObject({ reason: 'error_llm_websocket_lost_connection' });
  },
  'pings are sent every two seconds if the server asks for auto_reconnect': () => {
    const play = new Play().open().config({ auto_reconnect: true });
    for (let second = 0; second < 10; second += 1) {
      play.wait(1000).server({ response_type: 'ping_pong', timestamp: play.real });
    }
    const times = play.effects.flatMap((effect) =>
      effect.do === 'send' && effect.frame.interaction_type === 'ping_pong'
        ? [effect.frame.timestamp - 5_000_000]
        : [],
    );
    expect(times).toEqual([0, 2000, 4000, 6000, 8000, 10_000]);
    expect(play.count('drop') + play.count('connect')).toBe(1);
  },
  'no pings are sent, and none is expected, without auto_reconnect': () => {
    const play = new Play().open().config({ call_details: true }).respond(0, '').wait(minute);
    expect(play.sent('ping_pong')).toEqual([]);
    expect(play.count('connect')).toBe(1);
  },
  'five seconds without a ping of the server are a lost connection, twice at most': () => {
    const play = new Play().open().config({ auto_reconnect: true });
    play.wait(4999);
    expect(play.count('connect')).toBe(1);
    play.wait(1);
    expect(play.count('connect')).toBe(2);
    play.open().config({ auto_reconnect: true }).wait(5000);
    expect(play.count('connect')).toBe(3);
    play.open().config({ auto_reconnect: true }).wait(5000);
    expect(play.end).toMatchObject({ reason: 'error_llm_websocket_lost_connection' });
  },
  'the time between a ping and its answer is measured': () => {
    const play = new Play().open().config({ auto_reconnect: true }).wait(30);
    play.server({ response_type: 'ping_pong', timestamp: play.real - 30 });
    expect(play.session.measured.roundTrips).toEqual([30]);
  },
  'a text frame that is no JSON object ends the call': () => {
    for (const text of ['{"response_type":', '', 'null', '[]', '"response"']) {
      const play = new Play().open().event({ kind: 'text', text });
      expect(play.end).toMatchObject({ reason: 'error_llm_websocket_corrupt_payload' });
    }
  },
  'a binary frame closes the connection with 1007': () => {
    const play = new Play().open().event({ kind: 'binary' });
    expect(play.closedWith).toBe(1007);
    expect(play.end).toMatchObject({ reason: 'error_llm_websocket_corrupt_payload' });
  },
  'a connection that is opened again begins like the first one': () => {
    const play = new Play().open().config({ call_details: true });
    play.event({ kind: 'closed', code: 1006 }).open();
    expect(play.sent('call_details')).toHaveLength(1);
    play.config({ call_details: true }).respond(0, 'Hello');
    expect(play.sent('call_details')).toHaveLength(2);
    expect(play.pass(400).said).toEqual(['agent: Hello']);
  },
  'a request that got no answer is asked again over a new connection, under a new id': () => {
    const play = new Play({ turns: [says('Hi')] }).open().respond(0, '').pass(1000);
    expect(play.requests).toEqual([1]);
    play.event({ kind: 'closed', code: 1006 });
    expect(play.requests).toEqual([1]);
    play.open();
    expect(play.requests).toEqual([1, 2]);
    expect(play.respond(1, 'Late').respond(2, 'Yes').pass(400).said).toEqual([
      'user: Hi',
      'agent: Yes',
    ]);
  },
};

test.for(Object.entries(rules))('%s', ([, rule]) => {
  rule();
});
