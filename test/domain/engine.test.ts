import { describe, expect, it } from 'vitest';
import { readEngine } from '../../src/domain/engines/engine.js';

describe('readEngine', () => {
  it.each([
    [{}, 'agent'],
    [{ begin_message: null }, 'agent'],
    [{ begin_message: 'Hello.', start_speaker: 'agent' }, 'agent'],
    [{ begin_message: '' }, 'user'],
    [{ begin_message: 'Hello.', start_speaker: 'user' }, 'user'],
  ])('knows of %j who speaks first', (content, firstSpeaker) => {
    expect(readEngine('retell-llm', content)).toMatchObject({ firstSpeaker });
  });

  it('knows who speaks first in a flow', () => {
    const flow = { start_speaker: 'user', nodes: [] };
    expect(readEngine('conversation-flow', flow)).toMatchObject({ firstSpeaker: 'user' });
  });

  it.each(['retell-llm', 'conversation-flow'] as const)('reads the variables of a %s', (type) => {
    const content = { default_dynamic_variables: { name: 'Ann' } };
    expect(readEngine(type, content).defaultVariables).toEqual({ name: 'Ann' });
    expect(readEngine(type, {}).defaultVariables).toEqual({});
  });

  it('finds the tools of a flow, of its nodes and of its components', () => {
    const tool = (name: string) => ({ type: 'custom', name });
    const flow = {
      tools: [tool('top')],
      nodes: [{ id: 'n', tools: [tool('node')] }],
      components: [
        { name: 'Part', tools: [tool('part')], nodes: [{ id: 'p', tools: [tool('inner')] }] },
      ],
    };
    const names = readEngine('conversation-flow', flow).tools.map(({ name }) => name);
    expect(names).toEqual(['top', 'node', 'part', 'inner']);
  });
});
