import { expect, test } from 'vitest';
import { Play, says } from '../../support/llm-play.js';

const minute = 60_000;

/** One row for each rule of the protocol that is about requests and responses. */
const rules: Record<string, () => void> = {
  'call details are sent once for each connection, if the server asks for them': () => {
    const play = new Play().open();
    expect(play.sent('call_details')).toEqual([]);
    play.config({ call_details: true }).config({ call_details: true });
    expect(play.sent('call_details')).toHaveLength(1);
  },
  'the config is optional': () => {
    const play = new Play().open().respond(0, 'Hello there').pass(800);
    expect(play.said).toEqual(['agent: Hello there']);
  },
  'the begin message is the response with the id 0': () => {
    const play = new Play().open().respond(1, 'Wrong').respond(0, 'Right').pass(400);
    expect(play.said).toEqual(['agent: Right']);
    expect(play.notes).toEqual([
      'response_id 1 is not taken: nobody asked for it, the newest is 0',
    ]);
  },
  'after an empty begin message the user speaks first': () => {
    const play = new Play({ turns: [says('Hello')] }).open().respond(0, '').pass(1000);
    expect(play.said).toEqual(['user: Hello']);
    expect(play.sent('response_required')).toMatchObject([
      { response_id: 1, shows: ['user: Hello'] },
    ]);
  },
  'the begin message waits for begin_message_delay_ms': () => {
    const play = new Play({ beginDelay: 2000 }).open().respond(0, 'Hello').pass(minute);
    expect(play.session.entries[0]).toMatchObject({ at: 1_002_000, until: 1_002_400 });
  },
  'a request shows the whole conversation': () => {
    const play = new Play({ turns: [says('One'), says('Two')] }).open().respond(0, 'Hi');
    play.pass(2000).respond(1, 'And?').pass(2000);
    expect(play.frames.at(-1)).toMatchObject({
      interaction_type: 'response_required',
      response_id: 2,
      shows: ['agent: Hi', 'user: One', 'agent: And?', 'user: Two'],
    });
  },
  'ids count up over requests for responses and reminders': () => {
    const play = new Play({
      turns: [says('A'), { kind: 'wait', duration: 15_000 }, says('B')],
    });
    play.open().respond(0, 'Hi').pass(minute).respond(1, 'Hm').pass(minute);
    expect(play.frames.at(-1)).toMatchObject({ interaction_type: 'reminder_required' });
    play.respond(2, 'Still there?').pass(minute);
    expect(play.requests).toEqual([1, 2, 3]);
  },
  'a response may come in parts': () => {
    const play = new Play({ turns: [says('Q')] }).open().respond(0, '').pass(1000);
    for (const part of ['It ', 'is ', 'nine.']) play.respond(1, part, { content_complete: false });
    play.pass(minute);
    expect(play.said).toEqual(['user: Q']);
    expect(play.respond(1, '').pass(2000).said).toEqual(['user: Q', 'agent: It is nine.']);
  },
  'content that comes after the response was complete is dropped': () => {
    const play = new Play().open().respond(0, 'Hello').respond(0, ' and more').pass(2000);
    expect(play.said).toEqual(['agent: Hello']);
    expect(play.notes[0]).toContain('response_id 0 is not taken');
  },
  'content for an older id is dropped': () => {
    const play = new Play({ turns: [says('A'), says('B', 4)] }).open().respond(0, '').pass(1000);
    play.respond(1, 'One two three', { content_complete: false }).pass(2000);
    expect(play.requests).toEqual([1, 2]);
    play.respond(1, ' four').respond(2, 'Yes').pass(1000);
    expect(play.said).toEqual(['user: A', 'agent: One', 'user: B', 'agent: Yes']);
  },
  'an update does not make a request stale': () => {
    const play = new Play({ turns: [says('A')] }).open().respond(0, '').pass(1000);
    play.server({
      response_type: 'agent_interrupt',
      interrupt_id: 1,
      content: 'One moment',
      content_complete: true,
    });
    play.pass(minute);
    expect(play.sent('update_only').length).toBeGreaterThan(1);
    expect(play.respond(1, 'Done').pass(1000).said).toEqual([
      'user: A',
      'agent: One moment',
      'agent: Done',
    ]);
  },
  'updates say whose turn it is': () => {
    const play = new Play({ turns: [says('A')] }).open().respond(0, 'Hi').pass(2000);
    expect(play.sent('update_only')).toMatchObject([
      { turntaking: 'agent_turn', shows: [] },
      { shows: ['agent: Hi'] },
      { turntaking: 'user_turn', shows: ['agent: Hi'] },
    ]);
  },
};

test.for(Object.entries(rules))('%s', ([, rule]) => {
  rule();
});
