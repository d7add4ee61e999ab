import fc from 'fast-check';
import type Retell from 'retell-sdk';
import { describe, expect, expectTypeOf, it } from 'vitest';
import {
  sampleExtra,
  sampleSubject,
  type SampleCall,
  type SampleChat,
} from '../../src/domain/webhooks/sample-call.js';
import {
  wantsEvent,
  webhookBody,
  webhookUrlOf,
  type WebhookEvent,
} from '../../src/domain/webhooks/webhook-event.js';

const form = { webhookEventTimestamp: 'send', webhookCallKey: 'call' } as const;
const parts = {
  now: 1_767_225_600_000,
  hex: (length: number) => 'ab3f'.repeat(10).slice(0, length),
};
const events: WebhookEvent[] = [
  'call_started',
  'call_ended',
  'call_analyzed',
  'transcript_updated',
  'transfer_started',
  'transfer_bridged',
  'transfer_cancelled',
  'transfer_ended',
  'chat_started',
  'chat_ended',
  'chat_analyzed',
];

describe('the events of an agent', () => {
  it('are the documented ones unless it names others', () => {
    const wanted = (names: string[] | null | undefined) =>
      events.filter((event) => wantsEvent(names, event));
    expect(wanted(undefined)).toEqual(
      events.filter(
        (event) => /_(started|ended|analyzed)$/.test(event) && !event.startsWith('transfer'),
      ),
    );
    expect(wanted(null)).toEqual(wanted(undefined));
    expect(wanted(['call_ended', 'transfer_ended'])).toEqual(['call_ended', 'transfer_ended']);
    expect(wanted([])).toEqual([]);
  });
});

describe('the body of a webhook', () => {
  const call = { call_id: 'call_1', call_analysis: { call_summary: 'Fine.' } };
  const read = (text: string) => JSON.parse(text) as Record<string, unknown>;

  it('has the analysis in the event that tells of it, and in no other', () => {
    expect(read(webhookBody('call_analyzed', { subject: call, time: 7 }, form))).toEqual({
      event: 'call_analyzed',
      event_timestamp: 7,
      call,
    });
    expect(read(webhookBody('call_ended', { subject: call, time: 7 }, form))['call']).toEqual({
      call_id: 'call_1',
    });
  });

  it('can be written as older versions did', () => {
    const omit = { ...form, webhookEventTimestamp: 'omit' } as const;
    const chat = { chat_id: 'chat_1' };
    expect(read(webhookBody('chat_ended', { subject: chat, time: 7 }, omit))).toEqual({
      event: 'chat_ended',
      chat,
    });
    const data = { ...omit, webhookCallKey: 'data' } as const;
    expect(read(webhookBody('chat_ended', { subject: chat, time: 7 }, data))).toEqual({
      event: 'chat_ended',
      data: chat,
    });
    const both = { ...omit, webhookCallKey: 'both' } as const;
    expect(read(webhookBody('chat_ended', { subject: chat, time: 7 }, both))).toEqual({
      event: 'chat_ended',
      chat,
      data: chat,
    });
  });
});

describe('the URL of a webhook', () => {
  it('is the agent’s own, or else the account’s', () => {
    expect(webhookUrlOf('http://a.test', 'http://b.test', {})).toBe('http://a.test');
    expect(webhookUrlOf(null, 'http://b.test', {})).toBe('http://b.test');
    expect(webhookUrlOf('', 'http://b.test', {})).toBe('http://b.test');
    expect(webhookUrlOf(undefined, undefined, {})).toBeUndefined();
  });

  it('has the values of dynamic variables, and leaves unknown ones as they are', () => {
    const variables = { region: 'eu', tenant: 'acme', constructor: 'own' };
    expect(webhookUrlOf('http://{{region}}.test/{{ tenant }}/{{x}}', undefined, variables)).toBe(
      'http://eu.test/acme/{{x}}',
    );
    expect(webhookUrlOf('{{toString}}', undefined, variables)).toBe('{{toString}}');
  });
});

describe('a body with the last properties of its subject as JSON', () => {
  it('is that of a subject that has all of them', () => {
    const object = fc.dictionary(fc.string(), fc.jsonValue());
    fc.assert(
      fc.property(object, object, object, fc.constantFrom('call', 'data', 'both'), (...all) => {
        const [first, last, extra, webhookCallKey] = all;
        const form = { webhookEventTimestamp: 'send', webhookCallKey } as const;
        const parts = { subject: first, lastProperties: JSON.stringify(last), time: 7, extra };
        // Properties that both have would be there twice: the caller has none.
        fc.pre(Object.keys(last).every((name) => !(name in first)));
        fc.pre(!['event', 'event_timestamp', 'call', 'data'].some((name) => name in extra));
        const body: unknown = JSON.parse(webhookBody('call_analyzed', parts, form));
        const whole = { subject: { ...first, ...last }, time: 7, extra };
        expect(body).toEqual(JSON.parse(webhookBody('call_analyzed', whole, form)));
      }),
    );
  });
});

describe('a made-up call', () => {
  it('has the types of the SDK', () => {
    expectTypeOf<SampleCall>().toExtend<Retell.PhoneCallResponse>();
    expectTypeOf<SampleChat>().toExtend<Retell.ChatResponse>();
  });

  it.each(events)('is about the right thing in %s, and adds up', (event) => {
    const text = webhookBody(
      event,
      { subject: sampleSubject(event, parts), time: parts.now, extra: sampleExtra(event) },
      form,
    );
    expect(JSON.stringify(JSON.parse(text))).toBe(text);
    const body = JSON.parse(text) as { event: string; call?: SampleCall; chat?: SampleChat };
    expect(body.event).toBe(event);
    const { call, chat } = body;
    expect(call === undefined).toBe(event.startsWith('chat_'));
    expect(chat === undefined).toBe(!event.startsWith('chat_'));
    if (call === undefined) return;
    const isOver = ['call_ended', 'call_analyzed', 'transfer_ended'].includes(event);
    expect(call.call_status).toBe(isOver ? 'ended' : 'ongoing');
    expect('call_analysis' in call).toBe(event === 'call_analyzed');
    expect('transfer_destination' in body).toBe(/transfer_[sbc]/.test(event));
    if (!('end_timestamp' in call)) {
      expect(isOver).toBe(false);
      return;
    }
    const { end_timestamp = 0, start_timestamp, duration_ms = 0, transcript_object = [] } = call;
    expect(end_timestamp - start_timestamp).toBe(duration_ms);
    const times = transcript_object.flatMap(({ words }) =>
      words.flatMap(({ start, end }) => [start, end]),
    );
    expect(times).toEqual([...times].sort((a, b) => a - b));
    expect(1000 * (times.at(-1) ?? 0)).toBeLessThan(duration_ms);
    const { combined_cost = 0, product_costs = [] } = call.call_cost ?? {};
    expect(product_costs.reduce((sum, { cost }) => sum + cost, 0)).toBeCloseTo(combined_cost, 4);
  });
});
