import { describe, expect, it, vi } from 'vitest';
import type { Fixtures } from '../../src/library/workspace.js';
import { exportSteps } from '../../src/simulation/fixtures/export.js';
import { advance, plainSettings } from '../support/control.js';
import { buildTestApp, retellLlm, someDefinition, type TestClient } from '../support/emulator.js';
import { newYear } from '../support/manual-clock.js';

vi.mock('../../src/domain/requests/answer-sizes.js', async () =>
  (await import('../support/answer-sizes.js')).smallAnswers(16),
);

const url = '/_emulator/fixtures';
const path = '/_emulator/export';
const whole = (client: TestClient) => client.call<Fixtures>('GET', path);

/** The answers are not checked against the contract: they are many megabytes. */
function open(isReal = false) {
  const initialClock = () => ({ mode: 'manual', time: newYear }) as const;
  const settings = { ...plainSettings, concurrency: 3 };
  const options = { settings, validateResponses: false, ...(!isReal && { initialClock }) };
  const { client, ...parts } = buildTestApp(options);
  return { ...parts, client: client('key_a'), other: client('key_b') };
}

const result_explanation = 'x'.repeat(150);
const batchOf = (id: string, count: number) => ({
  response_engine: retellLlm,
  runs: Array<object>(count).fill({
    ...{ test_case_definition_id: id, status: 'pass', result_explanation },
  }),
});

/** More than one part, of everything that an export can have. */
async function fill(client: TestClient): Promise<void> {
  await client.call('POST', url, {
    definitions: ['kept', 'deleted', 'changed'].map((id) => ({
      ...{ ...someDefinition, test_case_definition_id: id },
    })),
    retellLlms: [{ llm_id: 'llm_1', general_prompt: 'first' }],
    outcomeRules: [{ match: { name: 'x' }, outcome: { status: 'fail' } }],
    faults: [{ match: { operation: 'publishAgent' }, latency: '1ms' }],
    batchTests: ['kept', 'deleted', 'changed'].map((id) => batchOf(id, 1000)),
  });
  await client.call('PUT', '/update-test-case-definition/changed', { name: 'Other' });
  await client.call('DELETE', '/delete-test-case-definition/deleted');
  await client.call('PATCH', '/update-retell-llm/llm_1', { general_prompt: 'second' });
  await client.call('POST', url, {
    batchTests: Array.from({ length: 5 }, () => batchOf('changed', 1000)),
  });
  await client.createBatchTest(['kept', 'changed', 'x', 'kept', 'x']);
}

async function readParts(client: TestClient): Promise<Fixtures[]> {
  const parts: Fixtures[] = [];
  for (let from: number | undefined = 0; from !== undefined;) {
    const part: Fixtures = await client.call('GET', `${path}?batchesFrom=${String(from)}`);
    parts.push(part);
    from = part.nextBatchesFrom;
  }
  return parts;
}

const load = async (client: TestClient, parts: readonly Fixtures[]): Promise<void> => {
  for (const [index, part] of parts.entries()) {
    await client.call('POST', `${url}?replace=${String(index === 0)}`, part);
  }
};

describe('an export in parts', () => {
  it('restores the same state over HTTP, which then continues as the first one', async () => {
    const { client } = open();
    await fill(client);
    await advance(client, '500ms');
    const before = await whole(client);
    const parts = await readParts(client);
    expect(parts.length).toBeGreaterThan(1);
    for (const part of parts) expect(JSON.stringify(part).length).toBeLessThan(1.5 * 1024 * 1024);

    const copy = open();
    await load(copy.client, parts);
    expect(await whole(copy.client)).toEqual(before);
    for (const each of [client, copy.client]) await advance(each, { until: 'idle' });
    expect(await whole(copy.client)).toEqual(await whole(client));
  });

  it('has parts of its own for definitions, engines and rules that do not fit into one', async () => {
    const { client, emulator } = open();
    const said = (name: string) => ({ ...someDefinition, name, user_prompt: 'x'.repeat(1000) });
    const ids = Array.from({ length: 12 }, (_, index) => `d${String(index)}`);
    await client.call('POST', url, {
      definitions: ids.map((id) => ({ ...said('first'), test_case_definition_id: id })),
      retellLlms: ids.map((id) => ({ llm_id: id, general_prompt: 'x'.repeat(1000) })),
      outcomeRules: ids.map((name) => ({ match: { name }, outcome: { status: 'fail' } })),
    });
    await client.createBatchTest([...ids, 'unknown']);
    for (const id of ids) await client.call('PUT', `/update-test-case-definition/${id}`, said('b'));
    await client.call('DELETE', '/delete-test-case-definition/d3');
    await client.createBatchTest(ids);
    const before = await whole(client);

    const [name = ''] = emulator.workspaces.listNames();
    const partFrom = (from: number): Fixtures => {
      const steps = exportSteps(emulator.store, emulator.workspaces.open(name), from, 5000);
      for (;;) {
        const step = steps.next();
        if (step.done === true) return JSON.parse(JSON.stringify(step.value)) as Fixtures;
      }
    };
    const parts: Fixtures[] = [];
    for (let from: number | undefined = 0; from !== undefined;) {
      const part = partFrom(from);
      parts.push(part);
      from = part.nextBatchesFrom;
    }
    expect(parts.length).toBeGreaterThan(8);
    // The last ones refer to all definitions.
    for (const part of parts.slice(0, -2)) expect(JSON.stringify(part).length).toBeLessThan(7000);

    const copy = open();
    await load(copy.client, parts);
    expect(await whole(copy.client)).toEqual(before);
  });

  it('has one part with everything if that is enough', async () => {
    const { client } = open();
    await client.createBatchTest();
    const { batchTests, ...rest } = await whole(client);
    expect(await readParts(client)).toEqual([{ ...rest, batchTests }]);
  });

  it('stands still until its last part is loaded, even with a real clock', async () => {
    const { client } = open(true);
    await fill(client);
    const parts = await readParts(client);
    const clocks = parts.map(({ clock }) => clock?.mode);
    expect(clocks).toEqual(['manual', ...Array<undefined>(parts.length - 2), 'real']);
    await load(client, parts);
    expect(await client.call('GET', '/_emulator/clock')).toMatchObject({ mode: 'real', speed: 1 });
  });
});

describe('a large export', () => {
  it('has pauses, in which other requests are answered and its own workspace does not change', async () => {
    const { client, other, clock } = open();
    await fill(client);
    const before = await whole(client);
    const turn = clock.turn.bind(clock);
    let turns = 0;
    let waiting: Promise<unknown> | undefined;
    clock.turn = async () => {
      turns += 1;
      if (turns === 10) {
        waiting = client.createBatchTest();
        await other.createBatchTest();
      }
      await turn();
    };
    expect(await whole(client)).toEqual(before);
    expect(turns).toBeGreaterThan(10);
    await waiting;
    expect((await whole(client)).batchTests).toHaveLength((before.batchTests?.length ?? 0) + 1);
  });

  it('counts the contents that engines had when batches were created', async () => {
    const { client } = open();
    const engineContent = { general_prompt: 'x'.repeat(4_900_000 / 16) };
    const runs = [{ test_case_definition_id: 'a' }];
    const batchTests = [{ response_engine: retellLlm, engineContent, runs }];
    for (let count = 0; count < 55; count += 1) await client.call('POST', url, { batchTests });
    const { status, body } = await client.send({ method: 'GET', url: path });
    expect(status).toBe(400);
    expect(body['message']).toMatch(/an export may have 16 MiB.*batchesFrom=0/);
    const parts = await readParts(client);
    expect(parts.flatMap(({ batchTests = [] }) => batchTests)).toHaveLength(55);
  });
});
