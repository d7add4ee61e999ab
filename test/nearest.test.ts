import { describe, expect, test } from 'vitest';
import { nearestOf, suggestion } from '../src/nearest.js';

describe('the nearest of some texts', () => {
  const models = ['gpt-4.1', 'gpt-4.1-mini', 'claude-4.5-sonnet'];

  test.each([
    ['gpt-41', 'gpt-4.1'],
    ['GPT-4.1-Mini', 'gpt-4.1-mini'],
    ['claude-4.6-sonnet', 'claude-4.5-sonnet'],
  ])('of %s is %s', (text, nearest) => {
    expect(nearestOf(text, models)).toBe(nearest);
  });

  test('is undefined if no text is similar', () => {
    expect(nearestOf('whisper', models)).toBeUndefined();
    expect(nearestOf('', [])).toBeUndefined();
    expect(suggestion('whisper', models)).toBe('');
  });

  test('is not searched for a long text', () => {
    expect(nearestOf('gpt-4.1'.repeat(1000), ['gpt-4.1'.repeat(1000)])).toBeUndefined();
  });

  test('is suggested in parentheses', () => {
    expect(suggestion('prot', ['host', 'port'])).toBe(' (did you mean "port"?)');
  });
});
