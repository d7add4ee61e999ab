import { expect, test } from 'vitest';
import { hangsUp, Play, says } from '../../support/llm-play.js';

const minute = 60_000;

/** One row for each other rule of the protocol. */
const rules: Record<string, () => void> = {
  'values of a wrong type are dropped without an answer': () => {
    const play = new Play().open();
    const good = {
      response_type: 'response',
      response_id: 0,
      content: 'X',
      content_complete: true,
    };
    const wrong = [
      { ...good, content_complete: 'true' },
      { ...good, content_complete: 1 },
      { ...good, response_id: '0' },
      { ...good, response_id: 0.5 },
      { ...good, content: null },
      { ...good, response_type: 'reply' },
      { response_type: 'tool_call_invocation', tool_call_id: 'a', name: 'b', arguments: {} },
      { response_type: 'tool_call_result', tool_call_id: 7, content: '' },
      { response_type: 'update_agent', agent_config: 1 },
      { response_type: 'config', config: true },
      { response_type: 'ping_pong', timestamp: 'now' },
      {},
    ];
    for (const frame of wrong) play.server(frame);
    expect(play.notes).toHaveLength(wrong.length);
    expect([play.said, play.end, play.session.config.callDetails]).toEqual([[], undefined, false]);
  },
  'null in the place of an optional value is none': () => {
    const play = new Play().open();
    play.respond(0, 'Hi', { end_call: null, transfer_number: null, digit_to_press: null });
    expect(play.pass(1000).end).toBeUndefined();
  },
  'end_call ends the call once the content is said': () => {
    const play = new Play().open().respond(0, 'Good bye', { end_call: true });
    expect(play.end).toBeUndefined();
    expect(play.pass(800).end).toMatchObject({ reason: 'agent_hangup' });
    expect(play.closedWith).toBe(1000);
  },
  'end_call without content ends the call at once': () => {
    const play = new Play().open().respond(0, '', { end_call: true });
    expect(play.end).toMatchObject({ reason: 'agent_hangup' });
  },
  'transfer_number transfers the call once the content is said': () => {
    const play = new Play().open().respond(0, 'One moment', { transfer_number: '+14155550123' });
    expect(play.pass(800).end).toMatchObject({
      reason: 'call_transfer',
      transferNumber: '+14155550123',
    });
  },
  'digit_to_press presses keys once the content is said': () => {
    const play = new Play().open().respond(0, 'Let me see', { digit_to_press: '1#' }).pass(1200);
    expect(play.said).toEqual(['agent: Let me see', 'dtmf: 1', 'dtmf: #']);
    expect(play.end).toBeUndefined();
  },
  'end_call wins over transfer_number, and that over digit_to_press': () => {
    const transfer = { transfer_number: '+14155550123', digit_to_press: '1' };
    const ending = new Play()
      .open()
      .respond(0, 'A', { ...transfer, end_call: true })
      .pass(400);
    expect(ending.end).toMatchObject({ reason: 'agent_hangup' });
    const transferring = new Play().open().respond(0, 'A', transfer).pass(400);
    expect(transferring.end).toMatchObject({ reason: 'call_transfer' });
    expect(transferring.said).toEqual(['agent: A']);
  },
  'an interruption discards the action': () => {
    const play = new Play({ turns: [says('Wait', 4)] }).open();
    play.respond(0, 'Good bye to you', { end_call: true }).pass(minute);
    expect(play.end).toBeUndefined();
    expect(play.said).toEqual(['agent: Good', 'user: Wait']);
    expect(play.requests).toEqual([1]);
  },
  'no_interruption_allowed lets the agent finish': () => {
    const play = new Play({ turns: [says('Wait', 4)] }).open();
    play.respond(0, 'Good bye to you', { no_interruption_allowed: true }).pass(minute);
    expect(play.said).toEqual(['agent: Good bye to you', 'user: Wait']);
  },
  'nobody interrupts an agent whose sensitivity to it is 0': () => {
    const play = new Play({ turns: [says('Wait', 4)] }).open();
    play.server({ response_type: 'update_agent', agent_config: { interruption_sensitivity: 0 } });
    expect(play.respond(0, 'Good bye to you').pass(minute).said).toEqual([
      'agent: Good bye to you',
      'user: Wait',
    ]);
  },
  'agent_interrupt speaks at once, and breaks off what the agent says': () => {
    const play = new Play().open().respond(0, 'One two three four');
    play.at += 800;
    play.interrupt(1, 'Stop').respond(0, ' five').pass(minute);
    expect(play.said).toEqual(['agent: One two', 'agent: Stop']);
  },
  'agent_interrupt breaks off what the user says': () => {
    const play = new Play({ turns: [says('One two three four')] }).open().respond(0, '');
    play
      .pass(500 + 800)
      .interrupt(1, 'Stop')
      .pass(1000);
    expect(play.said).toEqual(['user: One two', 'agent: Stop']);
  },
  'only the newest interrupt_id is taken, and only until its content is complete': () => {
    const play = new Play().open().respond(0, '');
    play.interrupt(2, 'Two').interrupt(1, 'One').interrupt(2, 'again').pass(minute);
    expect(play.said).toEqual(['agent: Two']);
    expect(play.notes).toHaveLength(2);
  },
  'agent_interrupt may end, transfer and press keys like a response': () => {
    const ended = new Play().open().respond(0, '').interrupt(1, 'Bye', { end_call: true });
    expect(ended.pass(400).end).toMatchObject({ reason: 'agent_hangup' });
    const pressed = new Play().open().respond(0, '').interrupt(1, '', { digit_to_press: '9' });
    expect(pressed.pass(400).said).toEqual(['dtmf: 9']);
  },
  'without an answer there is silence, until the user speaks': () => {
    const play = new Play({ turns: [says('A'), says('Hello?')] }).open().respond(0, '').pass(1000);
    play.pass(minute);
    expect(play.requests).toEqual([1]);
    play.wait(10_000).pass(2000);
    expect(play.said).toEqual(['user: A', 'user: Hello?']);
    expect(play.requests).toEqual([1, 2]);
    expect(play.end).toBeUndefined();
  },
  'an answer that comes late is said, as long as nobody has spoken': () => {
    const play = new Play({ turns: [says('A')] }).open().respond(0, '').pass(1000);
    play.wait(10_000).respond(1, 'Sorry').pass(1000);
    expect(play.said).toEqual(['user: A', 'agent: Sorry']);
  },
  'content that never becomes complete is said as far as it has come': () => {
    const play = new Play({ turns: [says('A')] }).open();
    play.respond(0, 'Hello and', { content_complete: false }).wait(10_000).pass(3000);
    expect(play.said).toEqual(['agent: Hello and', 'user: A']);
  },
  'tool events are entries with the ids of the server': () => {
    const play = new Play().open();
    play.server({
      response_type: 'tool_call_invocation',
      tool_call_id: 't1',
      name: 'book',
      arguments: '{"a":1}',
    });
    play.server({ response_type: 'tool_call_result', tool_call_id: 't1', content: 'ok' });
    play.server({
      response_type: 'tool_call_result',
      tool_call_id: 't2',
      content: 'no',
      successful: false,
    });
    expect(play.session.entries.map(({ entry }) => entry)).toEqual([
      {
        role: 'tool_call_invocation',
        id: 't1',
        name: 'book',
        arguments: '{"a":1}',
        type: 'custom',
      },
      { role: 'tool_call_result', id: 't1', content: 'ok', successful: true },
      { role: 'tool_call_result', id: 't2', content: 'no', successful: false },
    ]);
  },
  'what is said before a tool and after it are two entries, and the user waits between them':
    () => {
      const play = new Play({ turns: [says('A'), says('B')] }).open().respond(0, '').pass(1000);
      play.respond(1, 'One moment', { content_complete: false });
      play.server({
        response_type: 'tool_call_invocation',
        tool_call_id: 't1',
        name: 'book',
        arguments: '{}',
      });
      play
        .pass(minute)
        .server({ response_type: 'tool_call_result', tool_call_id: 't1', content: '' });
      expect(play.requests).toEqual([1]);
      play.respond(1, 'It is booked', { content_complete: false }).respond(1, '').pass(1200);
      expect(play.said).toEqual([
        'user: A',
        'agent: One moment',
        'call: book {}',
        'tool_call_result: ',
        'agent: It is booked',
      ]);
    },
  'a reminder is asked for after reminder_trigger_ms, once': () => {
    const play = new Play()
      .open()
      .respond(0, 'Hello')
      .pass(400 + 9999);
    expect(play.requests).toEqual([]);
    play.pass(1);
    expect(play.sent('reminder_required')).toMatchObject([{ response_id: 1 }]);
    play.respond(1, 'Are you there?').pass(minute);
    expect(play.requests).toEqual([1]);
    expect(play.said).toEqual(['agent: Hello', 'agent: Are you there?']);
  },
  'no reminder is asked for before the agent has said anything': () => {
    expect(new Play().open().respond(0, '').pass(minute).requests).toEqual([]);
  },
  'update_agent changes when and how often reminders come': () => {
    const play = new Play().open();
    const agent_config = { reminder_trigger_ms: 2000, reminder_max_count: 2, responsiveness: 2 };
    play.server({ response_type: 'update_agent', agent_config }).respond(0, 'Hello').pass(2400);
    expect(play.requests).toEqual([1]);
    play.respond(1, 'One').pass(2400).respond(2, 'Two').pass(minute);
    expect(play.requests).toEqual([1, 2]);
    expect(play.session.pace.responsiveness).toBe(1);
  },
  'reminders are counted again once the user has spoken': () => {
    const silence = { kind: 'wait', duration: 30_000 } as const;
    const play = new Play({ turns: [silence, says('Yes'), silence, says('No')] });
    play.open().respond(0, 'Hi').pass(minute).respond(1, 'Hm?').pass(minute);
    play.respond(2, 'Good').pass(minute).respond(3, 'Hm?').pass(minute);
    expect(play.sent('reminder_required').map(({ response_id: id }) => id)).toEqual([1, 3]);
  },
  'the call ends when the user is silent for end_call_after_silence_ms': () => {
    const play = new Play({
      silenceLimit: 30_000,
      pace: { ...new Play().session.pace, reminderMaxCount: 0 },
    });
    play
      .open()
      .respond(0, 'Hi')
      .pass(400 + 29_999);
    expect(play.end).toBeUndefined();
    expect(play.pass(1).end).toMatchObject({ reason: 'inactivity' });
  },
  'the call ends at its latest end, whoever speaks': () => {
    const endsBy = { at: 1_000_000 + 500, reason: 'max_duration_reached' } as const;
    const play = new Play({ endsBy }).open().respond(0, 'One two three').pass(499);
    expect(play.end).toBeUndefined();
    expect(play.pass(1).end).toMatchObject({ reason: 'max_duration_reached' });
  },
  'metadata changes nothing in the call': () => {
    const play = new Play().open().server({ response_type: 'metadata', metadata: { a: 1 } });
    expect([play.said, play.end]).toEqual([[], undefined]);
  },
  'the user hangs up after the last turn': () => {
    const play = new Play({ turns: [says('Bye')], afterwards: hangsUp }).open().respond(0, 'Hi');
    expect(play.pass(minute).respond(1, 'Bye').pass(minute).end).toMatchObject({
      reason: 'user_hangup',
    });
  },
  'a key that the user presses is a turn': () => {
    const play = new Play({ turns: [{ kind: 'press', pause: 100, digit: '5' }] }).open();
    expect(play.respond(0, 'Hi').pass(1000).said).toEqual(['agent: Hi', 'dtmf: 5']);
    expect(play.requests).toEqual([1]);
  },
  'the time from a request to the first words of its answer is measured': () => {
    const play = new Play({ turns: [says('A')] }).open().respond(0, '').pass(1000);
    play.wait(700).respond(1, 'B', { content_complete: false }).wait(300).respond(1, 'C');
    expect(play.session.measured.answers).toEqual([700]);
  },
  'frames without end cost the call and nothing else': () => {
    const play = new Play().open();
    for (let count = 0; count < 20_001; count += 1) play.server({ response_type: 'metadata' });
    expect(play.end).toMatchObject({ reason: 'error_llm_websocket_runtime' });
  },
  'an utterance without end is cut': () => {
    const play = new Play().open();
    for (let count = 0; count < 60; count += 1) {
      play.respond(0, 'many words '.repeat(100), { content_complete: false });
    }
    const [entry] = play.pass(1).session.entries;
    expect(entry?.entry).toMatchObject({ role: 'agent' });
    expect(JSON.stringify(entry).length).toBeLessThan(51_000);
  },
};

test.for(Object.entries(rules))('%s', ([, rule]) => {
  rule();
});
