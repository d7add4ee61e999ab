import { describe, expect, it } from 'vitest';
import { buildTestApp } from '../support/emulator.js';
import { agentRefusals } from './refused/agents.js';
import { flowRefusals } from './refused/flows.js';
import { llmRefusals } from './refused/llms.js';
import { notEnforced } from './refused/not-enforced.js';
import {
  agent,
  agents,
  definitions,
  endCall,
  flows,
  llms,
  state,
  tool,
  type Refusal,
} from './refused/refusal.js';
import { definitionRefusals, requestRefusals } from './refused/tests.js';

const storable: readonly Refusal[] = [
  ...[agentRefusals, llmRefusals, flowRefusals, definitionRefusals].flat(),
];
const refusals = [...storable, ...requestRefusals];

/** The place of what an operation creates in fixtures. */
const lists: Record<string, string> = {
  [agents]: 'agents',
  [llms]: 'retellLlms',
  [flows]: 'conversationFlows',
  [definitions]: 'definitions',
};

/** [an asset that was created, a change that is good by itself and not beside it, what names it] */
const wrongChanges: [path: string, before: object, change: object, message: string][] = [
  [
    llms,
    state({ tools: [endCall('a')] }),
    { general_tools: [endCall('a')] },
    'body/states/0/tools/0/name must be unique',
  ],
  [
    llms,
    state({}),
    { starting_state: null },
    'starting_state must be the name of one of the states',
  ],
  [agents, agent, { stt_mode: 'custom' }, 'body/custom_stt_config must be an object'],
  [
    agents,
    {
      ...agent,
      stt_mode: 'custom',
      custom_stt_config: { provider: 'azure', endpointing_ms: 100 },
    },
    { custom_stt_config: { provider: 'soniox', endpointing_ms: 100 } },
    'body/custom_stt_config/endpointing_ms must be >= 500 for soniox',
  ],
];

const changeOf: Record<string, string> = { [llms]: 'update-retell-llm', [agents]: 'update-agent' };

describe('a request that the vendor refuses', () => {
  it.each(refusals)('is refused by %s: %j, because %s (%s)', async (path, payload, message) => {
    const { client } = buildTestApp();
    const { status, body } = await client().send({ method: 'POST', url: path, payload });
    expect(body['message']).toContain(message);
    expect(status).toBe(400);
  });

  it('is refused in fixtures, too', async () => {
    const { client } = buildTestApp();
    for (const [path, content, message] of storable) {
      // A fixture of a flow may be as incomplete as a change of one.
      if (path === flows && message.startsWith('body must have required')) continue;
      const required = message.startsWith("body must have required property '");
      const payload = { [lists[path] ?? '']: [content] };
      const { status, body } = await client().send({
        ...{ method: 'POST', url: '/_emulator/fixtures', payload },
      });
      const words = required ? message.replace('body ', '') : message;
      expect([body['message'], status]).toEqual([expect.stringContaining(words), 400]);
    }
  });

  it.each(wrongChanges)(
    'is refused as a change of an object of %s: %j, then %j',
    async (path, before, payload, message) => {
      const { client } = buildTestApp();
      const made = await client().call('POST', path, before);
      const id = String(made['llm_id'] ?? made['agent_id']);
      const { status, body } = await client().send({
        ...{ method: 'PATCH', url: `/${changeOf[path] ?? ''}/${id}`, payload },
      });
      expect(body['message']).toContain(message);
      expect(status).toBe(400);
    },
  );

  it.each([
    'https://tools.test/{{path}}?q={{query}}',
    'https://{{host}}/t',
    '{{base_url}}/t',
    'http://localhost:3000',
    'wss://llm.test/socket',
  ])('is not a URL with dynamic variables: %s', async (good) => {
    const { client } = buildTestApp();
    await client().call('POST', llms, tool({ url: good }));
    await client().call('POST', agents, { ...agent, webhook_url: good });
  });

  it.each(['America/Argentina/Buenos_Aires', 'UTC', 'Etc/GMT+5', '{{timezone}}'])(
    'is not an unknown timezone in the right form: %s',
    async (timezone) => {
      const { client } = buildTestApp();
      const cal = { type: 'book_appointment_cal', cal_api_key: 'k', event_type_id: '{{event}}' };
      await client().call('POST', llms, tool({ ...cal, timezone }));
    },
  );
});

describe('a request that the vendor refuses and the emulator accepts on purpose', () => {
  it.each(notEnforced)('is that %s (%s): %s', async (_rule, _source, _reason, path, payload) => {
    const { client } = buildTestApp();
    const { status, body } = await client().send({ method: 'POST', url: path, payload });
    expect([status, body['message']]).toEqual([201, undefined]);
  });
});

describe('an LLM has a model for text or one for speech', () => {
  interface Models {
    llm_id: string;
    model?: string | null;
    s2s_model?: string | null;
  }
  const modelsAfter = async (...changes: object[]) => {
    const { client } = buildTestApp();
    const { llm_id: id } = await client().call<Models>('POST', llms, {});
    let last: Models = { llm_id: id };
    for (const change of changes) {
      last = await client().call<Models>('PATCH', `/update-retell-llm/${id}`, change);
    }
    return [last.model ?? null, last.s2s_model ?? null];
  };

  it('so one replaces the other, even if no client sent that', async () => {
    const speech = { s2s_model: 'gpt-realtime' };
    expect(await modelsAfter(speech)).toEqual([null, 'gpt-realtime']);
    expect(await modelsAfter(speech, { model: 'gpt-5' })).toEqual(['gpt-5', null]);
    expect(await modelsAfter(speech, { begin_message: 'Hi.' })).toEqual([null, 'gpt-realtime']);
  });
});

describe('a property that only the creation of an engine takes', () => {
  it('is ignored in an update', async () => {
    const { client } = buildTestApp();
    const { llm_id: id } = await client().call('POST', llms, { is_transfer_llm: true });
    const change = { is_transfer_llm: false, begin_message: 'Hi.' };
    expect(await client().call('PATCH', `/update-retell-llm/${String(id)}`, change)).toMatchObject({
      ...{ is_transfer_llm: true, begin_message: 'Hi.' },
    });
  });
});
