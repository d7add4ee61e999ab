import fc from 'fast-check';
import { describe, expect, it, onTestFinished } from 'vitest';
import { loadContract } from '../src/contract/document.js';
import { startEmulator } from '../src/index.js';
import { someCall } from './support/calls.js';
import { someFlow } from './support/emulator.js';
import { exampleRequests, type Ids } from './support/example-requests.js';
import { formText, formType } from './support/forms.js';
import { createStoredObjects, type Post } from './support/object-example-requests.js';

/** `FUZZ_CASES=100000 npx vitest run test/isolation.test.ts` is the long form. */
const cases = Math.ceil(Number(process.env['FUZZ_CASES'] ?? 1500) / 5);

const { operations } = loadContract('retell');

describe('many keys that use each other’s ids', () => {
  it('never see a byte of another workspace', async () => {
    const emulator = await startEmulator({
      ...{ journalSize: 50, progression: 'immediate', validateResponses: true },
    });
    onTestFinished(() => emulator.close());
    const { url } = emulator;
    const marks = Array.from(
      { length: 6 },
      (_, index) => `secret-${String(index)}-${'m'.repeat(8)}`,
    );
    const call = async (
      key: number,
      method: string,
      path: string,
      body?: object,
      isForm?: boolean,
    ) => {
      const answer = await fetch(url + path, {
        method,
        headers: {
          authorization: `Bearer key_${String(key)}`,
          'content-type': isForm === true ? formType : 'application/json',
        },
        ...(body && { body: isForm === true ? formText(body) : JSON.stringify(body) }),
      });
      return answer.text();
    };
    const known: Ids[] = [];
    for (const [key, mark] of marks.entries()) {
      const create: Post = async (path, body, id, isForm) =>
        (JSON.parse(await call(key, 'POST', path, body, isForm)) as Record<string, string>)[id] ??
        '';
      const llm = await create('/create-retell-llm', { begin_message: mark }, 'llm_id');
      const response_engine = { type: 'retell-llm', llm_id: llm };
      const definition = await create(
        '/create-test-case-definition',
        { name: mark, response_engine, user_prompt: mark, metrics: [mark] },
        'test_case_definition_id',
      );
      const batch = await create(
        '/create-batch-test',
        { test_case_definition_ids: [definition], response_engine },
        'test_case_batch_job_id',
      );
      const runs = JSON.parse(await call(key, 'GET', `/v2/list-test-runs/${batch}`)) as {
        items: { test_case_job_id: string }[];
      };
      const outcome = { analysis: { summary: mark } };
      await create('/_emulator/call-rules', { match: { toNumber: '+1999*' }, outcome }, 'id');
      const faulty = { match: { url: `*${mark}*` }, webhook: { drop: true } };
      await create('/_emulator/faults', faulty, 'id');
      const settings = { webhookUrl: `https://example.com/${mark}` };
      await call(key, 'PATCH', '/_emulator/settings', settings);
      const said = { override_agent_id: mark, metadata: { mark } };
      const place = () => create('/v2/create-phone-call', { ...someCall, ...said }, 'call_id');
      const chat = { agent_id: mark, metadata: { mark } };
      const begin = () => create('/create-chat', chat, 'chat_id');
      const rule = { match: { content: mark }, outcome: { messages: [] } };
      await create('/_emulator/chat-rules', rule, 'id');
      known.push({
        ...(await createStoredObjects(create, mark)),
        ...{ call: await place(), pastCall: await place(), listener: 'listener_x' },
        ...{ chat: await begin(), pastChat: await begin() },
        number: await create('/create-phone-number', { nickname: mark }, 'phone_number'),
        ...{ definition, batch, llm, run: runs.items[0]?.test_case_job_id ?? '' },
        flow: await create(
          ...(['/create-conversation-flow', { ...someFlow, global_prompt: mark }] as const),
          'conversation_flow_id',
        ),
        agent: await create(
          ...(['/create-agent', { voice_id: mark, response_engine }] as const),
          'agent_id',
        ),
      });
    }
    const control = [
      ...['test-runs/RUN', 'batch-tests/BATCH/wait?timeout=0', 'export', 'requests', 'faults'],
      ...[
        'webhooks',
        'webhooks?callId=CALL',
        'call-rules',
        'calls/CALL',
        'calls/CALL/conversation',
      ],
    ];
    const key = fc.nat({ max: marks.length - 1 });
    await fc.assert(
      fc.asyncProperty(key, key, fc.nat(), async (mine, theirs, choice) => {
        fc.pre(mine !== theirs);
        const ids = known[theirs];
        if (ids === undefined) return;
        const everything = operations.filter(
          ({ id, method }) => exampleRequests[id] !== undefined || method === 'get',
        );
        const operation = everything[choice % everything.length];
        const example = exampleRequests[operation?.id ?? ''];
        const own = control[choice % control.length]
          ?.replace('RUN', ids.run)
          .replace('BATCH', ids.batch)
          .replace('CALL', ids.pastCall);
        const answers = [
          example && operation
            ? await call(
                mine,
                operation.method.toUpperCase(),
                example.url(ids),
                example.body?.(ids),
                example.isForm,
              )
            : '',
          await call(mine, 'GET', `/_emulator/${own ?? ''}`),
        ];
        for (const answer of answers) expect(answer).not.toContain(marks[theirs]);
      }),
      { numRuns: cases },
    );
    for (const [key, { agent, llm }] of known.entries()) {
      expect(await call(key, 'GET', '/_emulator/call-rules')).toContain(marks[key]);
      expect(await call(key, 'GET', '/_emulator/webhooks')).toContain(marks[key]);
      expect(await call(key, 'GET', '/_emulator/faults')).toContain(marks[key]);
      expect(await call(key, 'GET', `/get-retell-llm/${llm}`)).toContain(marks[key]);
      expect(await call(key, 'GET', `/get-agent/${agent}`)).toContain(marks[key]);
    }
  });
});
