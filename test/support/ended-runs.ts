import fc from 'fast-check';
import { outcomes } from '../../src/domain/testing/batch-test.js';
import { newContent, type TestCaseContent } from '../../src/domain/testing/test-case.js';
import type { ToolMock } from '../../src/domain/testing/tool-mock.js';
import type { EndedTestRun } from '../../src/domain/testing/test-run.js';
import { loadValueGenerator } from '../../src/simulation/conversation/schema-value.js';
import { describeRun } from '../../src/simulation/conversation/run-content.js';
import type {
  TranscriptEntry,
  TranscriptSnapshot,
} from '../../src/simulation/conversation/transcript.js';
import { newYear } from './manual-clock.js';

export const generate = await loadValueGenerator();

/** Of a run whose transcript was not ordered. */
export const describeEnded = (run: EndedTestRun, content: TestCaseContent) =>
  describeRun(run, content, undefined, generate) as {
    transcript: TranscriptSnapshot | null;
    explanation: string;
    endedAt: number;
  };

export const run = (change: Partial<EndedTestRun> = {}): EndedTestRun => ({
  id: 'test_job_000000000001',
  status: change.outcome ?? 'pass',
  outcome: 'pass',
  batchOrdinal: 0,
  runIndex: 0,
  createdAt: newYear,
  startedAt: newYear + 10,
  endsAt: newYear + 2010,
  seed: 'test',
  forcedBy: null,
  ...change,
});

export const content = (change: Partial<TestCaseContent> = {}): TestCaseContent =>
  newContent({
    name: 'Reschedules',
    response_engine: { type: 'retell-llm', llm_id: 'llm_1' },
    user_prompt: '## Goal\nYou are {{name}}. You want to move your appointment.',
    metrics: ['The agent confirms the new date', 'The booking was made'],
    dynamic_variables: { name: 'Maria' },
    ...change,
  });

export const entriesOf = (run: EndedTestRun, content: TestCaseContent): TranscriptEntry[] => [
  ...(describeEnded(run, content).transcript?.transcript ?? []),
];

/** facts.md 29, 60, transcript_snapshot, and its line on 506 recorded runs; the time zone is our choice. */
export const systemVariables = {
  ...{ session_type: 'voice', call_type: 'web_call', call_id: 'playground' },
  system_timezone: 'America/Los_Angeles',
};

export const seeds = Array.from({ length: 60 }, (_, index) => `seed ${String(index)}`);

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
export const anyContent = fc
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
export const anyRun = fc
  .record({
    outcome: fc.constantFrom(...outcomes),
    seed: fc.string(),
    id: fc.uuid(),
    batchOrdinal: fc.nat(),
    runIndex: fc.nat({ max: 999 }),
    duration: fc.oneof(fc.nat({ max: 40 }), fc.nat({ max: 1e9 })),
  })
  .map(({ duration, ...change }) => run({ ...change, endsAt: newYear + 10 + duration }));
