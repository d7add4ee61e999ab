import { describe, expect, it } from 'vitest';
import { parseMetric } from '../../../src/simulation/conversation/metric.js';

describe('parseMetric', () => {
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
    expect(parseMetric(metric)).toMatchObject({ kind, asked });
  });

  it.each([
    ['The agent does what the user asks for', 'do what I ask for', 'do what you ask for'],
    ['Agent waits until the caller is ready', 'wait until I am ready', 'wait until you are ready'],
    ['Agent asks whether the client was ill', 'ask whether I was ill', 'ask whether you were ill'],
    ['Agent offers the user options', 'offer me options', 'offer you options'],
  ])('keeps the whole sentence in %j', (metric, asked, answered) => {
    expect(parseMetric(metric)).toEqual({ kind: 'does', asked, answered });
  });

  it('names the caller from each point of view', () => {
    expect(parseMetric("The agent asks the caller for the customer's name")).toEqual({
      kind: 'does',
      asked: 'ask me for my name',
      answered: 'ask you for your name',
    });
  });
});
