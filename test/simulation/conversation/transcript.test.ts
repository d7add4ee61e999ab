import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readEngine } from '../../../src/domain/engines/engine.js';
import type { ToolMock } from '../../../src/domain/testing/tool-mock.js';
import { reportedStart, type EndedTestRun } from '../../../src/domain/testing/test-run.js';
import { describeRun } from '../../../src/simulation/conversation/run-content.js';
import type { TranscriptSnapshot } from '../../../src/simulation/conversation/transcript.js';
import { anyRunInput } from '../../support/conversations.js';
import {
  anyContent,
  anyRun,
  content,
  entriesOf,
  generate,
  run,
  seeds,
  describeEnded,
} from '../../support/ended-runs.js';

describe('the entries of any transcript', () => {
  // facts.md 28, transcript_snapshot: clients compute latencies from `created_timestamp`.
  it('has strictly rising times within the run, even in a short one', () => {
    fc.assert(
      fc.property(anyRun, anyContent, (run, content) => {
        const { endedAt } = describeEnded(run, content);
        const times = entriesOf(run, content).map((entry) => entry.created_timestamp);
        const bounds = [reportedStart(run) - 1, ...times, endedAt];
        expect(bounds.every(Number.isInteger)).toBe(true);
        for (const [index, time] of bounds.slice(1).entries()) {
          expect(time).toBeGreaterThan(bounds[index] ?? Infinity);
        }
        const isLongEnough = run.endsAt - reportedStart(run) >= times.length;
        if (isLongEnough) expect(endedAt).toBe(run.endsAt);
      }),
    );
  });

  it('ends, is the same for the same run, and has rising times on any engine', () => {
    fc.assert(
      fc.property(anyRun, anyRunInput, (run, { content, engine }) => {
        const first = describeRun(run, content, engine, generate);
        expect(describeRun(run, content, engine, generate)).toEqual(first);
        const entries = (first.transcript as TranscriptSnapshot | null)?.transcript ?? [];
        expect(entries.length).toBeLessThan(1000);
        const bounds = [
          reportedStart(run) - 1,
          ...entries.map((entry) => entry.created_timestamp),
          first.endedAt,
        ];
        for (const [index, time] of bounds.slice(1).entries()) {
          expect(time).toBeGreaterThan(bounds[index] ?? Infinity);
        }
      }),
    );
  });

  // facts.md 6, 60, Ids, and its line on 506 recorded runs.
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

  // facts.md 31, transcript_snapshot: "agent turns carry `metadata.response_id`, counting from 1, but
  // not the begin message".
  it('numbers what the agent says after the user, and nothing else', () => {
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
});

describe('the snapshot of a transcript', () => {
  // Issue 21, section 5: as a model's words do.
  it('differs between runs of a batch and between batches', () => {
    const said = (change: Partial<EndedTestRun>) =>
      JSON.stringify(
        entriesOf(run(change), content()).map((entry) => 'content' in entry && entry.content),
      );
    const inOneBatch = seeds.map((_, runIndex) => said({ runIndex }));
    const inBatches = seeds.map((_, batchOrdinal) => said({ batchOrdinal }));
    expect(new Set(inOneBatch).size).toBeGreaterThan(30);
    expect(new Set(inBatches).size).toBeGreaterThan(30);
  });

  // facts.md 29, 31, transcript_snapshot: keys of raw snapshots, and "Invocations carry `type`".
  it('has the fields of raw answers', () => {
    const rule = { type: 'partial_match' as const, args: { some_key: 1 } };
    const tool_mocks: ToolMock[] = [
      { tool_name: 'book', input_match_rule: rule, output: '{}', result: false },
      { tool_name: 'send_sms', input_match_rule: { type: 'any' }, output: '' },
    ];
    const metrics = ['Calls the tool book', 'The agent sends an SMS'];
    const { transcript: snapshot } = describeEnded(run(), content({ tool_mocks, metrics }));
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

  // facts.md 31, 60
  it('names the type that the engine gives a tool', () => {
    const tool_mocks: ToolMock[] = [
      { tool_name: 'text_me', input_match_rule: { type: 'any' }, output: '' },
    ];
    const engine = readEngine('retell-llm', {
      general_tools: [{ type: 'send_sms', name: 'text_me' }],
    });
    const metrics = ['Calls text_me'];
    const { transcript } = describeRun(run(), content({ tool_mocks, metrics }), engine, generate)
      .transcript as TranscriptSnapshot;
    expect(transcript).toContainEqual(
      expect.objectContaining({ role: 'tool_call_invocation', name: 'text_me', type: 'send_sms' }),
    );
  });

  // facts.md 60, 506 recorded runs: "`callEnded` (false for `error`)", `toolMocks` only for LLMs.
  it('says that the call has not ended if the run ended in error', () => {
    const response_engine = { type: 'conversation-flow', conversation_flow_id: 'f' } as const;
    const snapshots = seeds.flatMap((seed) => {
      const failed = run({ seed, outcome: 'error', status: 'error' });
      return describeEnded(failed, content({ response_engine })).transcript ?? [];
    });
    expect(snapshots.length).toBeGreaterThan(10);
    for (const snapshot of snapshots) {
      expect(snapshot).toMatchObject({ callEnded: false });
      expect(snapshot).not.toHaveProperty('toolMocks');
      expect(typeof snapshot.currentNodeId).toBe('string');
    }
  });
});
