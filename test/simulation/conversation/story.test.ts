import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { outcomes } from '../../../src/domain/batch-test.js';
import { readEngine } from '../../../src/domain/engine.js';
import { newContent, type TestCaseContent } from '../../../src/domain/test-case.js';
import { selectMock, type ToolMock } from '../../../src/domain/tool-mock.js';
import { toldStart, type EndedTestRun } from '../../../src/domain/test-run.js';
import { tellRun } from '../../../src/simulation/conversation/story.js';
import type {
  TranscriptEntry,
  TranscriptSnapshot,
} from '../../../src/simulation/conversation/transcript.js';
import { newYear } from '../../support/manual-clock.js';

/** Of a run whose transcript was not ordered. */
const tell = (run: EndedTestRun, content: TestCaseContent) =>
  tellRun(run, content) as {
    transcript: TranscriptSnapshot | null;
    explanation: string;
    endedAt: number;
  };

const run = (change: Partial<EndedTestRun> = {}): EndedTestRun => ({
  id: 'test_job_000000000001',
  status: change.outcome ?? 'pass',
  outcome: 'pass',
  batchOrdinal: 0,
  runIndex: 0,
  createdAt: newYear,
  startedAt: newYear + 10,
  endsAt: newYear + 2010,
  seed: 'test',
  order: null,
  ...change,
});

const content = (change: Partial<TestCaseContent> = {}): TestCaseContent =>
  newContent({
    name: 'Reschedules',
    response_engine: { type: 'retell-llm', llm_id: 'llm_1' },
    user_prompt: '## Goal\nYou are {{name}}. You want to move your appointment.',
    metrics: ['The agent confirms the new date', 'The booking was made'],
    dynamic_variables: { name: 'Maria' },
    ...change,
  });

const entriesOf = (run: EndedTestRun, content: TestCaseContent): TranscriptEntry[] => [
  ...(tell(run, content).transcript?.transcript ?? []),
];

/** facts.md, transcript_snapshot, and its line on 506 recorded runs; the time zone is our choice. */
const systemVariables = {
  ...{ session_type: 'voice', call_type: 'web_call', call_id: 'playground' },
  system_timezone: 'America/Los_Angeles',
};

const seeds = Array.from({ length: 60 }, (_, index) => `seed ${String(index)}`);

const text = fc.oneof(fc.string(), fc.constantFrom('The agent is polite', '{{a}}', '$& {}', '...'));
const mock: fc.Arbitrary<ToolMock> = fc.record({
  tool_name: fc.constantFrom('book', 'check_availability', 'end_call'),
  input_match_rule: fc.oneof(
    fc.constant({ type: 'any' as const }),
    fc.record({
      type: fc.constant('partial_match' as const),
      args: fc.dictionary(fc.constantFrom('a', 'b'), fc.integer({ min: 0, max: 1 })),
    }),
  ),
  output: fc.string(),
  result: fc.constantFrom(true, false, null),
});
const anyContent = fc
  .record({
    user_prompt: text,
    metrics: fc.array(text, { maxLength: 4 }),
    dynamic_variables: fc.dictionary(fc.constantFrom('a', 'b', '__proto__'), fc.string()),
    tool_mocks: fc.array(mock, { maxLength: 5 }),
    response_engine: fc.constantFrom<TestCaseContent['response_engine']>(
      { type: 'retell-llm', llm_id: 'llm_1' },
      { type: 'conversation-flow', conversation_flow_id: 'flow_1' },
    ),
  })
  .map((change) => content(change));
const anyRun = fc
  .record({
    outcome: fc.constantFrom(...outcomes),
    seed: fc.string(),
    id: fc.uuid(),
    batchOrdinal: fc.nat(),
    runIndex: fc.nat({ max: 999 }),
    duration: fc.oneof(fc.nat({ max: 40 }), fc.nat({ max: 1e9 })),
  })
  .map(({ duration, ...change }) => run({ ...change, endsAt: newYear + 10 + duration }));

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

  // facts.md, transcript_snapshot: clients compute latencies from `created_timestamp`.
  it('has times that rise strictly within the run, however short it is', () => {
    fc.assert(
      fc.property(anyRun, anyContent, (run, content) => {
        const { endedAt } = tell(run, content);
        const times = entriesOf(run, content).map((entry) => entry.created_timestamp);
        const bounds = [toldStart(run) - 1, ...times, endedAt];
        expect(bounds.every(Number.isInteger)).toBe(true);
        for (const [index, time] of bounds.slice(1).entries()) {
          expect(time).toBeGreaterThan(bounds[index] ?? Infinity);
        }
        const isLongEnough = run.endsAt - toldStart(run) >= times.length;
        if (isLongEnough) expect(endedAt).toBe(run.endsAt);
      }),
    );
  });

  // facts.md, Ids, and its line on 506 recorded runs.
  it('has ids in the formats of the vendor', () => {
    fc.assert(
      fc.property(anyRun, anyContent, (run, content) => {
        for (const entry of entriesOf(run, content)) {
          expect(entry.message_id).toMatch(/^message_[0-9a-f]{24}$/);
          if ('tool_call_id' in entry) {
            expect(entry.tool_call_id).toMatch(/^call_[0-9a-z]{24}$/);
          }
        }
      }),
    );
  });

  // facts.md, transcript_snapshot: "agent turns carry `metadata.response_id`, counting from 1, but
  // not the begin message".
  it('numbers what the agent says after the user has spoken, and nothing else', () => {
    fc.assert(
      fc.property(anyRun, anyContent, (run, content) => {
        const entries = entriesOf(run, content);
        const firstByUser = entries.findIndex(({ role }) => role === 'user');
        let count = 0;
        for (const [index, entry] of entries.entries()) {
          const isNumbered = entry.role === 'agent' && firstByUser !== -1 && index > firstByUser;
          if (isNumbered) count += 1;
          const metadata = 'metadata' in entry ? entry.metadata : undefined;
          expect(metadata).toEqual(isNumbered ? { response_id: count } : undefined);
        }
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

  // Issue 21, section 5: as a model's words do.
  it('differs from place to place, in a batch and from batch to batch', () => {
    const said = (change: Partial<EndedTestRun>) =>
      JSON.stringify(
        entriesOf(run(change), content()).map((entry) => 'content' in entry && entry.content),
      );
    const inOneBatch = seeds.map((_, runIndex) => said({ runIndex }));
    const inBatches = seeds.map((_, batchOrdinal) => said({ batchOrdinal }));
    expect(new Set(inOneBatch).size).toBeGreaterThan(30);
    expect(new Set(inBatches).size).toBeGreaterThan(30);
  });

  // facts.md, transcript_snapshot: keys of raw snapshots, and "Invocations carry `type`".
  it('has the fields of raw answers', () => {
    const rule = { type: 'partial_match' as const, args: { some_key: 1 } };
    const tool_mocks: ToolMock[] = [
      { tool_name: 'book', input_match_rule: rule, output: '{}', result: false },
      { tool_name: 'send_sms', input_match_rule: { type: 'any' }, output: '' },
    ];
    const { transcript: snapshot } = tell(run(), content({ tool_mocks }));
    expect(snapshot).toMatchObject({ callEnded: true, knowledgeBaseRetrievedContents: [] });
    expect(snapshot?.toolMocks).toEqual([
      { toolName: 'book', inputMatchRule: rule, output: '{}', result: false },
      { toolName: 'send_sms', inputMatchRule: { type: 'any' }, output: '' },
    ]);
    expect(snapshot).not.toHaveProperty('currentNodeId');
    const types = (snapshot?.transcript ?? []).flatMap((entry) =>
      entry.role === 'tool_call_invocation' ? [[entry.name, entry.type]] : [],
    );
    expect(types).toEqual([
      ['book', 'custom'],
      ['send_sms', 'send_sms'],
    ]);
  });

  it('names the type that the engine gives a tool', () => {
    const tool_mocks: ToolMock[] = [
      { tool_name: 'text_me', input_match_rule: { type: 'any' }, output: '' },
    ];
    const engine = readEngine('retell-llm', {
      general_tools: [{ type: 'send_sms', name: 'text_me' }],
    });
    const { transcript } = tellRun(run(), content({ tool_mocks }), engine)
      .transcript as TranscriptSnapshot;
    expect(transcript).toContainEqual(
      expect.objectContaining({ role: 'tool_call_invocation', name: 'text_me', type: 'send_sms' }),
    );
  });

  // facts.md, 506 recorded runs: "`callEnded` (false for `error`)", `toolMocks` only for LLMs.
  it('says that the call has not ended where the run ended in error', () => {
    const response_engine = { type: 'conversation-flow', conversation_flow_id: 'f' } as const;
    const snapshots = seeds.flatMap((seed) => {
      const failed = run({ seed, outcome: 'error', status: 'error' });
      return tell(failed, content({ response_engine })).transcript ?? [];
    });
    expect(snapshots.length).toBeGreaterThan(10);
    for (const snapshot of snapshots) {
      expect(snapshot).toMatchObject({ callEnded: false });
      expect(snapshot).not.toHaveProperty('toolMocks');
      expect(typeof snapshot.currentNodeId).toBe('string');
    }
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
