import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readEngine } from '../../../src/domain/engines/engine.js';
import { selectMock, type ToolMock } from '../../../src/domain/testing/tool-mock.js';
import type { EndedTestRun } from '../../../src/domain/testing/test-run.js';
import { describeRun } from '../../../src/simulation/conversation/run-content.js';
import type {
  TranscriptEntry,
  TranscriptSnapshot,
} from '../../../src/simulation/conversation/transcript.js';
import {
  anyContent,
  anyRun,
  content,
  entriesOf,
  generate,
  run,
  seeds,
  systemVariables,
  describeEnded,
} from '../../support/ended-runs.js';

describe('any transcript', () => {
  // facts.md 32, 60: a call of `end_call` has no result entry, mocked or not, and is the last entry.
  it('has a result right after each call but that of end_call, with its id', () => {
    fc.assert(
      fc.property(anyRun, anyContent, (run, content) => {
        const entries = entriesOf(run, content);
        for (const [index, entry] of entries.entries()) {
          const before = entries[index - 1];
          const isResult = entry.role === 'tool_call_result';
          const isCall = before?.role === 'tool_call_invocation' && before.name !== 'end_call';
          expect(isCall).toBe(isResult);
          if (entry.role === 'tool_call_invocation' && entry.name === 'end_call') {
            expect(index).toBe(entries.length - 1);
          }
          if (isResult) expect(before).toMatchObject({ tool_call_id: entry.tool_call_id });
        }
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

  it('begins with the agent, and then user and agent alternate, unless the agent stays silent', () => {
    fc.assert(
      fc.property(anyRun, anyContent, (run, content) => {
        fc.pre(!describeEnded(run, content).explanation.includes('did not respond'));
        const speakers = entriesOf(run, content)
          .map(({ role }) => role)
          .filter((role) => role === 'agent' || role === 'user');
        for (const [index, role] of speakers.entries()) {
          expect(role).toBe(index % 2 === 0 ? 'agent' : 'user');
        }
      }),
    );
  });

  it('calls mocked tools with arguments that fit a mock, and gets its output', () => {
    fc.assert(
      fc.property(anyRun, anyContent, (run, content) => {
        const entries = entriesOf(run, content);
        for (const [index, entry] of entries.entries()) {
          if (entry.role !== 'tool_call_invocation' || entry.name === 'end_call') continue;
          const args = JSON.parse(entry.arguments) as Record<string, unknown>;
          const mock = selectMock(content.tool_mocks, entry.name, args);
          expect(mock).toBeDefined();
          if (mock === undefined) return;
          expect(entries[index + 1]).toMatchObject({
            content: mock.output,
            successful: mock.result ?? true,
          });
        }
      }),
    );
  });

  it('is the same for the same seed, position, content and outcome, except for ids and times', () => {
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
        expect(describeEnded(again, content).explanation).toBe(
          describeEnded(run, content).explanation,
        );
      }),
    );
  });

  // facts.md 62
  it('moves through a flow from node to node, and ends at the node of the snapshot', () => {
    fc.assert(
      fc.property(anyRun, anyContent, (run, content) => {
        const snapshot = describeEnded(run, content).transcript;
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
  it("is about the definition's scenario, with its variables filled in", () => {
    const said = entriesOf(run(), content()).flatMap((entry) =>
      'content' in entry ? [entry.content] : [],
    );
    expect(said[1]).toBe('I am Maria. I want to move my appointment.');
    expect(said.join('\n')).toMatch(/confirm the new date/);
    expect(said.join('\n')).toMatch(/The booking was made/);
    expect(describeEnded(run(), content()).transcript?.dynamicVariables).toEqual({
      name: 'Maria',
      ...systemVariables,
    });
  });

  it('begins with the user if the engine says so', () => {
    const engine = readEngine('retell-llm', { begin_message: '' });
    const { transcript } = describeRun(run(), content(), engine, generate)
      .transcript as TranscriptSnapshot;
    expect(transcript[0]?.role).toBe('user');
  });

  it('has the default variables of the engine if the definition has none', () => {
    const engine = readEngine('retell-llm', {
      begin_message: 'Hi {{name}}, it is {{day}}.',
      default_dynamic_variables: { name: 'Ann', day: 'Monday' },
    });
    const snapshot = describeRun(run(), content(), engine, generate)
      .transcript as TranscriptSnapshot;
    expect(snapshot.transcript[0]).toMatchObject({ content: 'Hi Maria, it is Monday.' });
    expect(snapshot.dynamicVariables).toEqual({
      ...{ name: 'Maria', day: 'Monday' },
      ...systemVariables,
    });
  });

  it('ends with the tool that ends the call, if that is mocked', () => {
    const input_match_rule = { type: 'any' } as const;
    const tool_mocks = ['end_call', 'book'].map((tool_name) => ({
      ...{ tool_name, input_match_rule, output: '{}' },
    }));
    const entries = entriesOf(run(), content({ tool_mocks }));
    expect(entries.slice(-2)).toMatchObject([
      { role: 'agent' },
      { role: 'tool_call_invocation', name: 'end_call', type: 'end_call' },
    ]);
  });

  it('differs between seeds', () => {
    const said = seeds.map((seed) =>
      JSON.stringify(
        entriesOf(run({ seed }), content()).map((entry) => 'content' in entry && entry.content),
      ),
    );
    expect(new Set(said).size).toBeGreaterThan(30);
  });

  it('is generated fast even for a large definition', () => {
    const large = content({
      user_prompt: `${'.'.repeat(2e6)}x`,
      metrics: [`${'!'.repeat(2e6)}x`],
    });
    expect(entriesOf(run(), large).length).toBeGreaterThan(3);
  });
});

describe('the explanation', () => {
  /** The entries that an explanation points to, each with what is said there. */
  const pointsAt = (explanation: string, entries: readonly TranscriptEntry[]) =>
    [...explanation.matchAll(/transcript\[(\d+)\]/g)].map(([, index]) => entries[Number(index)]);

  it("of a pass says that every metric is met, and points to the agent's words", () => {
    fc.assert(
      fc.property(anyRun, anyContent, (run, content) => {
        fc.pre(run.outcome === 'pass');
        const { explanation, transcript } = describeEnded(run, content);
        expect(explanation).toMatch(/^All metrics are met \(\d+ of \d+\)\.\n/);
        for (const metric of content.metrics) expect(explanation).toContain(JSON.stringify(metric));
        const entries = pointsAt(explanation, transcript?.transcript ?? []);
        expect(entries.length).toBeGreaterThanOrEqual(Math.max(1, content.metrics.length));
      }),
    );
  });

  it('of a fail begins with a metric that is not met, and points to the entry', () => {
    for (const seed of seeds) {
      // What was ordered never ends in silence.
      const order = { source: 'rule' } as const;
      const failed = run({ seed, forcedBy: order, outcome: 'fail', status: 'fail' });
      const { explanation, transcript } = describeEnded(failed, content());
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

  it('of a fail names a metric even if the definition has none', () => {
    const failed = run({ outcome: 'fail', status: 'fail' });
    const { explanation } = describeEnded(failed, content({ metrics: [] }));
    expect(explanation).toMatch(/^1 of 1 metrics not met: "The agent does what the user asks for"/);
  });

  // facts.md 61: 92 of 92 recorded runs that ended in `error`.
  it('of an error says that there might be a loop, after the agent has repeated itself', () => {
    fc.assert(
      fc.property(anyRun, anyContent, (run, content) => {
        const { explanation, transcript } = describeEnded(
          { ...run, ...{ status: 'error', outcome: 'error' } },
          content,
        );
        expect(explanation).toBe('Ending the conversation early as there might be a loop.');
        const agent = (transcript?.transcript ?? []).filter(({ role }) => role === 'agent');
        const said = agent.slice(-3).map((entry) => 'content' in entry && entry.content);
        expect(said).toHaveLength(3);
        expect(new Set(said).size).toBe(1);
      }),
    );
  });

  const book: ToolMock = {
    tool_name: 'book',
    input_match_rule: { type: 'partial_match', args: { a: 1 } },
    output: '{}',
  };

  it.each([
    // facts.md 18
    ['silence', 'fail', /did not respond to consecutive user utterances/],
    ['loop', 'error', /might be a loop/],
    ['tool', 'error', /^Error: the tool "book", called at transcript\[\d+\], did not answer/],
    ['user-model', 'error', /^Error: the model that plays the user/],
    ['judge', 'error', /^Error: .*the model that judges/],
    ['agent-model', 'error', /^Error: .*there was no conversation/],
  ] as const)('of a run that was forced to end by %s says so', (ending, outcome, expected) => {
    for (const seed of seeds) {
      const order = { source: 'rule', ending } as const;
      const broken = run({ seed, outcome, status: outcome, forcedBy: order });
      const { explanation, transcript } = describeEnded(broken, content({ tool_mocks: [book] }));
      expect(explanation).toMatch(expected);
      const entries = transcript?.transcript ?? [];
      for (const entry of pointsAt(explanation, entries)) expect(entry).toBeDefined();
      if (ending === 'agent-model') expect(transcript).toBeNull();
      else expect(entries.length).toBeGreaterThan(2);
      if (ending === 'tool') {
        expect(entries.slice(-2)).toMatchObject([
          { role: 'tool_call_invocation', name: 'book' },
          { role: 'tool_call_result', successful: false },
        ]);
      }
      if (ending === 'silence') {
        expect(entries.slice(-2).map(({ role }) => role)).toEqual(['user', 'user']);
      }
    }
  });

  // facts.md 18
  it('of some runs that fail by chance says that the agent stayed silent, but never of forced ones', () => {
    const isSilent = (change: Partial<EndedTestRun>) =>
      describeEnded(
        run({ outcome: 'fail', status: 'fail', ...change }),
        content(),
      ).explanation.includes('did not respond');
    const many = Array.from({ length: 200 }, (_, index) => `seed ${String(index)}`);
    const silent = many.filter((seed) => isSilent({ seed }));
    expect(silent.length).toBeGreaterThan(0);
    expect(silent.length).toBeLessThan(30);
    expect(many.some((seed) => isSilent({ seed, forcedBy: { source: 'rule' } }))).toBe(false);
  });
});
