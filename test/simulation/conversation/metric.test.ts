import { describe, expect, it } from 'vitest';
import { topicOf } from '../../../src/simulation/conversation/metric.js';

describe('topicOf', () => {
  it.each([
    ['The agent confirms the new date.', 'does', 'confirm the new date'],
    ['Agent should verify identity', 'does', 'verify identity'],
    ['the agent politely verifies identity', 'does', 'politely verify identity'],
    ['The assistant must ask for the phone number', 'does', 'ask for the phone number'],
    ['The AI agent is friendly', 'does', 'be friendly'],
    ['The agent has a friendly tone', 'does', 'have a friendly tone'],
    ['Agent catches errors', 'does', 'catch errors'],
    ['The agent never gives medical advice', 'refrains', 'give medical advice'],
    ["Agent doesn't interrupt", 'refrains', 'interrupt'],
    ['The agent should not mention prices', 'refrains', 'mention prices'],
    ['Booking was successful', 'holds', 'Booking was successful'],
    ['The agent confirmed the date', 'holds', 'The agent confirmed the date'],
    ['', 'holds', 'an unnamed metric'],
  ] as const)('reads %j', (metric, kind, asked) => {
    expect(topicOf(metric)).toMatchObject({ kind, asked });
  });

  it('speaks of the caller as each of them would', () => {
    expect(topicOf("The agent asks the caller for the customer's name")).toEqual({
      kind: 'does',
      asked: 'ask me for my name',
      answered: 'ask you for your name',
    });
  });
});
