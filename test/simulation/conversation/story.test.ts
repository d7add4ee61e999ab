import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readEngine } from '../../../src/domain/engine.js';
import { selectMock, type ToolMock } from '../../../src/domain/tool-mock.js';
import type { EndedTestRun } from '../../../src/domain/test-run.js';
import { tellRun } from '../../../src/simulation/conversation/story.js';
import type {
  TranscriptEntry,
  TranscriptSnapshot,
} from '../../../src/simulation/conversation/transcript.js';
import {
  anyContent,
  anyRun,
  content,
  entriesOf,
  run,
  seeds,
  systemVariables,
  tell,
} from '../../support/ended-runs.js';

describe('any transcript', () => {
  it('has a result right after each call, with its id', () => {
    fc.assert(
      fc.property(anyRun, anyContent, (run, content) => {
        const entries = entriesOf(run, content);
        for (const [index, entry] of entries.entries()) {
          const before = entries[index - 1];
          const isResult = entry.role === 'tool_call_result';
          expect(before?.role === 'tool_call_invocation').toBe(isResult);
          if (isResult) expect(before).toMatchObject({ tool_call_id: entry.tool_call_id });
        }
        expect(entries.at(-1)?.role).not.toBe('tool_call_invocation');
      }),
    );
  });

  it('gives each message and each call an id of its own, unlike those of other runs', () => {
    fc.assert(
      fc.property(anyRun, anyContent, (run, content) => {
        const other = { ...run, id: `${run.id}x` };
        const ids = [...entriesOf(run, content), ...entriesOf(other, content)].flatMap((entry) =>
          entry.role === 'tool_call_invocation'
            ? [entry.message_id, entry.tool_call_id]
            : [entry.message_id],
        );
        expect(new Set(ids).size).toBe(ids.length);
      }),
    );
  });

  it('begins with the agent, and then user and agent take turns', () => {
    fc.assert(
      fc.property(anyRun, anyContent, (run, content) => {
        const speakers = entriesOf(run, content)
          .map(({ role }) => role)
          .filter((role) => role === 'agent' || role === 'user');
        for (const [index, role] of speakers.entries()) {
          expect(role).toBe(index % 2 === 0 ? 'agent' : 'user');
        }
      }),
    );
  });

  it('calls every mock that can be reached, with arguments that it fits, for its output', () => {
    fc.assert(
      fc.property(anyRun, anyContent, (run, content) => {
        fc.pre(run.outcome !== 'error');
        const entries = entriesOf(run, content);
        const called = new Set<ToolMock>();
        for (const [index, entry] of entries.entries()) {
          if (entry.role !== 'tool_call_invocation') continue;
          const args = JSON.parse(entry.arguments) as Record<string, unknown>;
          const mock = selectMock(content.tool_mocks, entry.name, args);
          expect(mock).toBeDefined();
          if (mock === undefined) return;
          called.add(mock);
          expect(entries[index + 1]).toMatchObject({
            content: mock.output,
            successful: mock.result ?? true,
          });
        }
        for (const mock of content.tool_mocks) {
          const rule = mock.input_match_rule;
          const least = rule.type === 'any' ? {} : rule.args;
          const first = selectMock(content.tool_mocks, mock.tool_name, least);
          expect(called.has(mock)).toBe(first === mock);
        }
      }),
    );
  });

  it('is the same for the same seed, place, content and outcome, but for ids and times', () => {
    fc.assert(
      fc.property(anyRun, anyRun, anyContent, (run, other, content) => {
        const { seed, batchOrdinal, runIndex, outcome, status } = run;
        const again = { ...other, seed, batchOrdinal, runIndex, outcome, status };
        const said = (run: EndedTestRun) =>
          entriesOf(run, content).map((entry) => [
            entry.role,
            'content' in entry ? entry.content : undefined,
          ]);
        expect(said(again)).toEqual(said(run));
        expect(tell(again, content).explanation).toBe(tell(run, content).explanation);
      }),
    );
  });

  it('moves through a flow from node to node, and ends where the snapshot says', () => {
    fc.assert(
      fc.property(anyRun, anyContent, (run, content) => {
        const snapshot = tell(run, content).transcript;
        const moves = (snapshot?.transcript ?? []).filter(
          (entry) => entry.role === 'node_transition',
        );
        if (content.response_engine.type === 'retell-llm') {
          expect(moves).toEqual([]);
          expect(snapshot ?? {}).not.toHaveProperty('currentNodeId');
          return;
        }
        for (const [index, move] of moves.slice(1).entries()) {
          expect(move.former_node_id).toBe(moves[index]?.new_node_id);
        }
        if (snapshot !== null) expect(moves.at(-1)?.new_node_id).toBe(snapshot.currentNodeId);
      }),
    );
  });
});

describe('a transcript', () => {
  it('speaks of what the definition says, with its variables filled in', () => {
    const said = entriesOf(run(), content()).flatMap((entry) =>
      'content' in entry ? [entry.content] : [],
    );
    expect(said[1]).toBe('I am Maria. I want to move my appointment.');
    expect(said.join('\n')).toMatch(/confirm the new date/);
    expect(said.join('\n')).toMatch(/The booking was made/);
    expect(tell(run(), content()).transcript?.dynamicVariables).toEqual({
      name: 'Maria',
      ...systemVariables,
    });
  });

  it('begins with the user where the engine has it so', () => {
    const engine = readEngine('retell-llm', { begin_message: '' });
    const { transcript } = tellRun(run(), content(), engine).transcript as TranscriptSnapshot;
    expect(transcript[0]?.role).toBe('user');
  });

  it('has the default variables of the engine where the definition gives none', () => {
    const engine = readEngine('retell-llm', {
      begin_message: 'Hi {{name}}, it is {{day}}.',
      default_dynamic_variables: { name: 'Ann', day: 'Monday' },
    });
    const snapshot = tellRun(run(), content(), engine).transcript as TranscriptSnapshot;
    expect(snapshot.transcript[0]).toMatchObject({ content: 'Hi Maria, it is Monday.' });
    expect(snapshot.dynamicVariables).toEqual({
      ...{ name: 'Maria', day: 'Monday' },
      ...systemVariables,
    });
  });

  it('ends with what ends the call', () => {
    const input_match_rule = { type: 'any' } as const;
    const tool_mocks = ['end_call', 'book'].map((tool_name) => ({
      ...{ tool_name, input_match_rule, output: '{}' },
    }));
    const entries = entriesOf(run(), content({ tool_mocks }));
    expect(entries.slice(-3)).toMatchObject([
      { role: 'agent' },
      { role: 'tool_call_invocation', name: 'end_call' },
      { role: 'tool_call_result' },
    ]);
  });

  it('differs from seed to seed', () => {
    const said = seeds.map((seed) =>
      JSON.stringify(
        entriesOf(run({ seed }), content()).map((entry) => 'content' in entry && entry.content),
      ),
    );
    expect(new Set(said).size).toBeGreaterThan(30);
  });

  it('is told fast though the definition is large', () => {
    const large = content({ user_prompt: `${'.'.repeat(2e6)}x`, metrics: [`${'!'.repeat(2e6)}x`] });
    expect(entriesOf(run(), large).length).toBeGreaterThan(3);
  });
});

describe('the explanation', () => {
  /** The entries that an explanation points to, each with what is said there. */
  const pointsAt = (explanation: string, entries: readonly TranscriptEntry[]) =>
    [...explanation.matchAll(/transcript\[(\d+)\]/g)].map(([, index]) => entries[Number(index)]);

  it('of a pass finds every metric met, and points to the agent saying so', () => {
    fc.assert(
      fc.property(anyRun, anyContent, (run, content) => {
        fc.pre(run.outcome === 'pass');
        const { explanation, transcript } = tell(run, content);
        expect(explanation).toMatch(/^All metrics are met \(\d+ of \d+\)\.\n/);
        for (const metric of content.metrics) expect(explanation).toContain(JSON.stringify(metric));
        const entries = pointsAt(explanation, transcript?.transcript ?? []);
        expect(entries.length).toBeGreaterThanOrEqual(Math.max(1, content.metrics.length));
      }),
    );
  });

  it('of a fail begins with a metric that is not met, and points to where', () => {
    for (const seed of seeds) {
      const failed = run({ seed, outcome: 'fail', status: 'fail' });
      const { explanation, transcript } = tell(failed, content());
      const [gist = '', ...reasons] = explanation.split('\n');
      const [, count] = /^(\d) of 2 metrics not met: /.exec(gist) ?? [];
      expect(Number(count)).toBeGreaterThanOrEqual(1);
      const unmet = reasons.filter((reason) => reason.includes(': not met.'));
      expect(unmet.length).toBe(Number(count));
      for (const reason of reasons) {
        const [, metric = ''] = /^\d\. "([^"]+)"/.exec(reason) ?? [];
        expect(gist.includes(metric)).toBe(unmet.includes(reason));
        const last = pointsAt(reason, transcript?.transcript ?? []).at(-1);
        expect(last?.role).toBe('agent');
        expect(reason).toContain(
          JSON.stringify(last !== undefined && 'content' in last && last.content),
        );
      }
    }
  });

  it('of a fail names a metric though the definition has none', () => {
    const failed = run({ outcome: 'fail', status: 'fail' });
    const { explanation } = tell(failed, content({ metrics: [] }));
    expect(explanation).toMatch(/^1 of 1 metrics not met: "The agent does what the user asks for"/);
  });

  it('of an error says what went wrong, in one of several ways', () => {
    const tool_mocks: ToolMock[] = [
      {
        tool_name: 'book',
        input_match_rule: { type: 'partial_match', args: { a: 1 } },
        output: '{}',
      },
    ];
    const kinds = seeds.map((seed) => {
      const failed = run({ seed, outcome: 'error', status: 'error' });
      const { explanation, transcript } = tell(failed, content({ tool_mocks }));
      expect(explanation).toMatch(/^Error: /);
      const entries = transcript?.transcript ?? [];
      for (const entry of pointsAt(explanation, entries)) expect(entry).toBeDefined();
      if (explanation.includes('no conversation')) expect(transcript).toBeNull();
      if (explanation.includes('the tool "book"')) {
        expect(entries.at(-1)).toMatchObject({ role: 'tool_call_result', successful: false });
      }
      return explanation.replaceAll(/\d+/g, '');
    });
    expect(new Set(kinds).size).toBe(4);
  });
});
