import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { loadContract } from '../../../src/contract/document.js';
import { contractValidation } from '../../../src/contract/validation.js';
import {
  connectsBefore,
  disconnectionReasons,
  isOver,
  momentsOf,
  newCallState,
  nextMoment,
  passMoment,
  statusOfReason,
  type CallEvent,
  type CallState,
} from '../../../src/domain/calls/call.js';
import type { ForcedCall } from '../../../src/domain/calls/forced-call.js';
import { keyedChance } from '../../../src/random.js';
import {
  planCourse,
  scheduleCourse,
  type CourseInput,
} from '../../../src/simulation/calls/course.js';
import type { CallOrigin, CallRecord } from '../../../src/domain/calls/call-record.js';
import { toCall } from '../../../src/simulation/calls/render.js';
import { saidIn } from '../../../src/simulation/calls/said.js';
import { readCallContext, type CallContext } from '../../../src/simulation/calls/call-context.js';
import {
  loadValueGenerator,
  type GenerateValue,
} from '../../../src/simulation/conversation/schema-value.js';

const createdAt = 1_767_225_600_000;

const reasons = fc.constantFrom(...disconnectionReasons);
const milliseconds = (most: number) => fc.integer({ min: 0, max: most });

const agents = fc.record(
  {
    ring_duration_ms: fc.integer({ min: 5000, max: 300_000 }),
    end_call_after_silence_ms: fc.integer({ min: 10_000, max: 100_000 }),
    max_call_duration_ms: fc.integer({ min: 60_000, max: 7_200_000 }),
    begin_message_delay_ms: milliseconds(5000),
    voicemail_option: fc.constantFrom(null, {
      action: { type: 'static_text', text: 'Hi {{name}}, call back.' },
    }),
    post_call_analysis_data: fc.constant([
      { type: 'string', name: 'topic', description: 'What it was about' },
      { type: 'enum', name: 'mood', description: 'Mood', choices: ['good', 'bad'] },
      { type: 'boolean', name: 'booked', description: 'Booked' },
      { type: 'number', name: 'guests', description: 'How many' },
      { type: 'system-presets', name: 'call_summary' },
    ]),
    pii_config: fc.constant({ mode: 'post_call', categories: [] }),
    opt_in_signed_url: fc.boolean(),
  },
  { requiredKeys: [] },
);

const engines = fc.constantFrom(undefined, {
  type: 'retell-llm' as const,
  content: {
    begin_message: 'Hello {{name}}, this is the shop.',
    general_tools: [
      { type: 'end_call', name: 'end_call' },
      { type: 'custom', name: 'book_table', url: 'https://x.example', parameters: {} },
      {
        type: 'transfer_call',
        name: 'to_person',
        transfer_destination: { type: 'predefined', number: '+14155550123' },
      },
      {
        type: 'extract_dynamic_variable',
        name: 'collect',
        variables: [{ type: 'string', name: 'city', description: 'City' }],
      },
    ],
  },
});

const forced: fc.Arbitrary<ForcedCall> = fc.record(
  {
    disconnectionReason: reasons,
    ring: milliseconds(400_000).map((time) => `${String(time)}ms`),
    duration: milliseconds(8_000_000).map((time) => `${String(time)}ms`),
    transcript: fc.array(
      fc.constantFrom(
        { role: 'agent', content: 'Hello there' } as const,
        { role: 'user', content: 'Hi' } as const,
        { role: 'tool', name: 'look_up', arguments: { a: 1 }, result: 'ok' } as const,
        { role: 'dtmf', digit: '1' } as const,
      ),
      { maxLength: 5 },
    ),
    analysis: fc.constantFrom(null, { successful: false, custom: { extra: 1 } }),
    analysisDelay: milliseconds(60_000).map((time) => `${String(time)}ms`),
    recording: fc.boolean(),
  },
  { requiredKeys: [] },
);

interface Case {
  readonly input: CourseInput;
  readonly context: CallContext;
  readonly seed: string;
}

const cases: fc.Arbitrary<Case> = fc
  .record({
    agent: agents,
    engine: engines,
    origin: fc.constantFrom<CallOrigin[]>('dialled', 'registered', 'inbound', 'web'),
    webJoin: fc.oneof(fc.constant('manual' as const), milliseconds(60_000)),
    toNumber: fc.constantFrom('+12137774445', '+12137779001', '+12137779004', '+12137779009'),
    outcome: fc.option(forced, { nil: undefined }),
    isOverLimit: fc.boolean(),
    weights: fc.array(fc.tuple(reasons, fc.integer({ min: 1, max: 5 })), { minLength: 1 }),
    talk: milliseconds(300_000),
    ring: milliseconds(60_000),
    seed: fc.string(),
  })
  .map(({ agent, engine, outcome, weights, talk, ring, webJoin, seed, ...given }) => {
    const context = readCallContext({ agent, engine, override: undefined });
    const range = (most: number) => ({ kind: 'range' as const, from: 0, to: most });
    return {
      context,
      seed,
      input: {
        ...given,
        agent: context.agent,
        byRule: outcome && { rule: 'rule_1', outcome },
        settings: {
          ...{ duration: range(talk), ring: range(ring), analysisDelay: range(5000), webJoin },
          ...{
            outcomes: weights,
            concurrencyLimit: 20,
            callsPerSecond: 1,
            concurrencyExceeded: 'reject' as const,
          },
          ...{ customLlm: 'auto' as const, answerTimeout: 10_000 },
        },
        draw: keyedChance(seed).within('course'),
      },
    };
  });

const recordOf = ({ input, seed }: Case): CallRecord => {
  const course = planCourse(input);
  return {
    ...{ id: 'call_1', origin: input.origin, direction: 'outbound', seed, ordinal: 0 },
    ...{ fromNumber: '+14157774444', toNumber: input.toNumber, agentId: 'agent_1' },
    ...{ agentVersion: 0, course, plan: scheduleCourse(course, createdAt), state: newCallState },
    ...{ dataStorage: undefined, details: { variables: { name: 'Ann' } } },
  };
};

/** All states that a call comes through, with what is told in each. */
function liveThrough(call: CallRecord) {
  const states: CallState[] = [call.state];
  const events: CallEvent[] = [];
  for (let state = call.state; ;) {
    const moment = nextMoment(call.plan, state);
    if (moment === undefined) return { states, events };
    const passed = passMoment(call.plan, state, moment);
    state = passed.state;
    states.push(state);
    events.push(...passed.events);
  }
}

describe('a call', () => {
  let generate: GenerateValue;
  beforeAll(async () => {
    generate = await loadValueGenerator();
  });

  it('has one final status, moments in order, and is told of once each', () => {
    fc.assert(
      fc.property(cases, (given) => {
        const call = recordOf(given);
        const { states, events } = liveThrough(call);
        const { reason = 'error_unknown', connectsAt, endsAt = 0 } = call.plan;
        expect(call.plan.reason).toBeDefined();
        const connects = connectsAt !== undefined;
        expect(connects).toBe(connectsBefore(reason));
        const statuses = states.map(({ status }) => status);
        const changes = statuses.filter((status, index) => status !== statuses[index - 1]);
        const final = statusOfReason(reason);
        expect(changes).toEqual(['registered', ...(connects ? ['ongoing'] : []), final]);
        const times = momentsOf(call.plan).map(({ at }) => at);
        expect(times).toEqual(times.toSorted((a, b) => a - b));
        expect(times[0]).toBeGreaterThanOrEqual(createdAt);
        const names = events.map(({ name }) => name);
        expect(new Set(names).size).toBe(names.length);
        expect(names.includes('call_started')).toBe(connects);
        expect(names).toContain('call_ended');
        expect(endsAt).toBeGreaterThanOrEqual(connectsAt ?? createdAt);
      }),
    );
  });

  it('is decided by no room, then by a rule, then by its number, then by chance', () => {
    fc.assert(
      fc.property(cases, ({ input }) => {
        const { decidedBy } = planCourse(input);
        const isMagic = input.origin === 'dialled' && /900\d$/.test(input.toNumber);
        const byDefault = input.origin === 'registered' ? 'timeout' : isMagic ? 'number' : 'draw';
        const expected = input.isOverLimit
          ? 'concurrency'
          : input.byRule === undefined
            ? byDefault
            : 'rule';
        expect(decidedBy.source).toBe(expected);
      }),
    );
  });

  it('obeys its agent: it rings no longer, and is talked no longer, than that allows', () => {
    fc.assert(
      fc.property(cases, ({ input }) => {
        const { ring, talk, reason, decidedBy } = planCourse(input);
        const { agent } = input;
        if (talk !== undefined) {
          expect(talk).toBeLessThanOrEqual(agent.maxDuration);
          if (input.origin === 'dialled') expect(ring).toBeLessThan(agent.ringDuration);
          if (talk === agent.maxDuration) expect(reason).toBe('max_duration_reached');
        }
        if (reason === 'inactivity' && decidedBy.source === 'draw') {
          expect(talk).toBeGreaterThanOrEqual(agent.silenceLimit);
        }
      }),
    );
  });

  it('fits the contract at each moment, and shows what belongs to it', () => {
    const contract = loadContract('retell');
    const getCall = contract.operations.find(({ id }) => id === 'getCall');
    const validation = contractValidation(contract);
    if (getCall === undefined) throw new Error('there is no operation getCall');
    fc.assert(
      fc.property(cases, (given) => {
        const call = recordOf(given);
        const { connectsAt, endsAt = 0, analysesAt } = call.plan;
        for (const state of liveThrough(call).states) {
          const wire = toCall({ ...call, state }, given.context, generate, endsAt);
          expect(validation.findResponseMismatch(getCall, wire)).toBeUndefined();
          const over = isOver(state.status);
          const started = state.status !== 'registered' && connectsAt !== undefined;
          expect(wire.start_timestamp).toBe(started ? connectsAt : undefined);
          expect(wire.end_timestamp).toBe(over ? endsAt : undefined);
          expect(wire.duration_ms).toBe(over && started ? endsAt - connectsAt : undefined);
          expect('disconnection_reason' in wire).toBe(over);
          expect('transcript' in wire).toBe(over && started);
          expect('call_cost' in wire).toBe(over);
          const isLast = state.passed === momentsOf(call.plan).length;
          if (isLast) expect('call_analysis' in wire).toBe(analysesAt !== undefined);
          if (!over) expect('call_analysis' in wire).toBe(false);
          for (const value of Object.values(wire)) expect(value).toBeDefined();
        }
      }),
      { numRuns: 60 },
    );
  });

  it('is told by words whose times rise within it, and costs what its parts cost', () => {
    fc.assert(
      fc.property(cases, (given) => {
        const call = recordOf(given);
        const last = liveThrough(call).states.at(-1) ?? call.state;
        const wire = toCall({ ...call, state: last }, given.context, generate, 0);
        const words = (wire.transcript_object ?? []).flatMap((utterance) => utterance.words);
        const times = words.flatMap(({ start = -1, end = -1 }) => [start, end]);
        expect(times).toEqual(times.toSorted((a, b) => a - b));
        expect(times.at(-1) ?? 0).toBeLessThanOrEqual((wire.duration_ms ?? 0) / 1000);
        expect(times[0] ?? 0).toBeGreaterThanOrEqual(0);
        const lines = (wire.transcript_object ?? []).map(({ content }) => content);
        expect(wire.transcript ?? '').toBe(
          (wire.transcript_object ?? [])
            .map(
              ({ role }, index) =>
                `${role === 'agent' ? 'Agent' : role === 'user' ? 'User' : 'Transfer Target'}: ${lines[index] ?? ''}`,
            )
            .join('\n'),
        );
        const cost = wire.call_cost;
        const sum = (cost?.product_costs ?? []).reduce((total, part) => total + part.cost, 0);
        expect(sum).toBeCloseTo(cost?.combined_cost ?? -1, 6);
        const { values = [], num, p50 = 0, max = 0 } = wire.latency?.e2e ?? {};
        expect(num ?? 0).toBe(values.length);
        if (values.length > 0) {
          expect(max).toBe(Math.max(...values));
          expect(values.filter((value) => value <= p50).length * 2).toBeGreaterThanOrEqual(
            values.length,
          );
        }
      }),
      { numRuns: 60 },
    );
  });

  it('has said at each moment a beginning of what it will have said', () => {
    fc.assert(
      fc.property(cases, fc.double({ min: 0, max: 1, noNaN: true }), (given, share) => {
        const call = recordOf(given);
        const { connectsAt, endsAt = 0 } = call.plan;
        if (connectsAt === undefined) return;
        const ongoing = { ...call, state: { status: 'ongoing', passed: 1 } as const };
        const now = connectsAt + Math.floor(share * (endsAt - connectsAt));
        const all = saidIn(ongoing, given.context, generate, endsAt).entries;
        const some = saidIn(ongoing, given.context, generate, now).entries;
        const whole = some.slice(0, -1);
        expect(whole).toEqual(all.slice(0, whole.length));
      }),
      { numRuns: 60 },
    );
  });
});
