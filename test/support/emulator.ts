import type { FastifyInstance, InjectOptions } from 'fastify';
import { expect, onTestFinished } from 'vitest';
import { openEmulator, type Emulator, type EmulatorOptions } from '../../src/emulator.js';
import type { components } from '../../src/contract/retell.gen.js';
import { buildApp, type AppOptions } from '../../src/http/app.js';
import type { AtEnd } from './files.js';
import { ManualClock } from './manual-clock.js';

type Settings = Partial<EmulatorOptions['settings']>;

export interface TestOptions extends Partial<
  Pick<AppOptions, 'apiKeys' | 'controlAccess' | 'cors' | 'logger' | 'validateResponses'>
> {
  readonly database?: string;
  readonly clock?: ManualClock;
  readonly settings?: Settings;
  readonly initialClock?: NonNullable<EmulatorOptions['initialClock']>;
  readonly fixtures?: NonNullable<EmulatorOptions['fixtures']>;
  readonly credit?: number;
  readonly journalSize?: number;
  readonly outbound?: NonNullable<EmulatorOptions['outbound']>;
  /** `afterAll` for an app that serves all tests of a file. */
  readonly atEnd?: AtEnd;
}

export const defaultSettings: EmulatorOptions['settings'] = {
  seed: 'test',
  concurrency: 10,
  runDuration: '500ms..2500ms',
  outcomes: { pass: 0.8, fail: 0.15, error: 0.05 },
  progression: 'time',
  batchStartDelay: '0s',
  batchCompletionDelay: '0s',
  definitionSnapshot: 'documented',
  rateLimit: 'off',
  unknownTestCases: 'accept',
  unknownEngines: 'accept',
  unknownQuery: 'observed',
  validationErrors: 'both',
  missing: 'observed',
  creditMessage: 'default',
  rateLimitMessage: 'default',
  unknownValues: 'warn',
  webhookUrl: 'off',
  webhookSigningKey: 'default',
  signatureClock: 'real',
  webhookEventTimestamp: 'send',
  webhookCallKey: 'call',
  webhookRetries: 3,
  webhookRetryPause: '1s',
  unknownNumbers: 'accept',
  deprecated: 'warn',
  callDuration: '10s..30s',
  ringDuration: '1s..3s',
  webCallJoin: '200ms',
  analysisDelay: '2s',
  callOutcomes: 'user_hangup=1',
  concurrencyLimit: 20,
  callsPerSecond: 1,
  concurrencyExceeded: 'reject',
  customLlm: 'auto',
  customLlmTimeout: '10s',
  knowledgeBaseDuration: '2s',
  knowledgeBaseOutcomes: 'complete=1',
  jobDuration: '2s',
};

export const thisMachine: NonNullable<AppOptions['controlAccess']> = {
  mode: 'on',
  host: '127.0.0.1',
  otherHosts: [],
  token: undefined,
  defaultApiKey: 'key_local',
};

/** An emulator in memory on a manual clock; anything the worker fails at fails the test. */
export function buildEmulator(options: TestOptions = {}) {
  const clock = options.clock ?? new ManualClock();
  const errors: unknown[] = [];
  const emulator = openEmulator({
    database: options.database ?? ':memory:',
    settings: { ...defaultSettings, ...options.settings },
    clock,
    ...(options.initialClock && { initialClock: options.initialClock }),
    ...(options.fixtures && { fixtures: options.fixtures }),
    ...(options.credit !== undefined && { credit: options.credit }),
    ...(options.journalSize !== undefined && { journalSize: options.journalSize }),
    ...(options.outbound && { outbound: options.outbound }),
    onError: (error) => errors.push(error),
  });
  return { emulator, clock, errors };
}

/** The same behind HTTP, with every answer checked against the contract. Closes by itself. */
export function buildTestApp(options: TestOptions = {}) {
  const { emulator, clock, errors } = buildEmulator(options);
  const { apiKeys = [], validateResponses = true, logger } = options;
  const controlAccess = 'controlAccess' in options ? options.controlAccess : thisMachine;
  const access = { apiKeys, validateResponses, controlAccess };
  const app = buildApp({
    emulator,
    ...access,
    ...(options.cors && { cors: options.cors }),
    ...(logger && { logger }),
  });
  const { atEnd = onTestFinished } = options;
  atEnd(async () => {
    await app.close();
    emulator.close();
    expect(errors, 'failures of the worker').toEqual([]);
    expect(clock.alarmCount, 'alarms left behind').toBe(0);
  });
  return { app, clock, emulator, client: (key = 'key_a') => new TestClient(app, key, emulator) };
}

export const retellLlm = { type: 'retell-llm', llm_id: 'llm_1' } as const;

/** Speaks for one key, over inject. */
export class TestClient {
  readonly #app: FastifyInstance;
  readonly #key: string;
  readonly emulator: Emulator;

  constructor(app: FastifyInstance, key: string, emulator: Emulator) {
    this.#app = app;
    this.#key = key;
    this.emulator = emulator;
  }

  async send(request: InjectOptions) {
    const headers = { authorization: `Bearer ${this.#key}`, ...request.headers };
    const response = await this.#app.inject({ ...request, headers });
    return { status: response.statusCode, headers: response.headers, body: readBody(response) };
  }

  async createBatchTest(ids: readonly string[] = ['test_case_1'], engine: object = retellLlm) {
    const payload = { test_case_definition_ids: ids, response_engine: engine };
    const { status, body } = await this.send({
      method: 'POST',
      url: '/create-batch-test',
      payload,
    });
    expect(status, JSON.stringify(body)).toBe(201);
    return body as unknown as Batch;
  }

  /** Sends a request that must succeed, and answers its body. */
  async call<Body = Json>(
    method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE',
    url: string,
    payload?: object,
  ) {
    const { status, body } = await this.send({ method, url, ...(payload && { payload }) });
    expect(status, JSON.stringify(body)).toBeLessThan(300);
    return body as Body;
  }

  createDefinition(content: object = {}): Promise<Definition> {
    const payload = { ...someDefinition, ...content };
    return this.call('POST', '/create-test-case-definition', payload);
  }

  listRuns(batchId: string, query = 'limit=1000'): Promise<Page<Run>> {
    return this.call('GET', `/v2/list-test-runs/${batchId}?${query}`);
  }

  async getBatchTest(id: string) {
    const { status, body } = await this.send({ method: 'GET', url: `/get-batch-test/${id}` });
    expect(status, JSON.stringify(body)).toBe(200);
    return body as unknown as Batch;
  }
}

type Json = Record<string, unknown>;
type Schemas = components['schemas'];
export type Definition = Schemas['TestCaseDefinition'];
/** In the documented spelling. */
export type Run = Omit<Schemas['TestCaseJob'], 'test_case_definition_snapshot'> & {
  test_case_definition_snapshot: Definition;
};

export interface Page<Item> {
  items: Item[];
  has_more: boolean;
  pagination_key?: string;
}

export const someDefinition = {
  name: 'Reschedules',
  response_engine: retellLlm,
  user_prompt: 'You are {{name}}. You want to move your appointment.',
  metrics: ['The agent confirms the new date', 'The booking was made'],
};

export const someFlow = {
  start_speaker: 'agent',
  model_choice: { type: 'cascading', model: 'gpt-4.1' },
  nodes: [],
};

export interface Batch {
  test_case_batch_job_id: string;
  status: string;
  response_engine: object;
  pass_count: number;
  fail_count: number;
  error_count: number;
  total_count: number;
  creation_timestamp: number;
  user_modified_timestamp: number;
}

function readBody(response: { body: string; json: () => unknown; headers: object }) {
  return response.body === '' ? {} : (response.json() as Record<string, unknown>);
}
