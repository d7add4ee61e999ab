import Retell from 'retell-sdk';
import { describe } from 'vitest';
import { emulatorTest, test } from '../src/vitest.js';

const engine = { type: 'retell-llm', llm_id: 'llm_1' } as const;
const request = { response_engine: engine, test_case_definition_ids: ['a', 'b'] };

describe('the test of retell-emulator/vitest', () => {
  const seen: Record<string, string> = {};

  for (const name of ['one', 'two']) {
    test(`gives ${name} a workspace of its own`, async ({ workspace, emulator, expect }) => {
      const client = new Retell({ apiKey: workspace.apiKey, baseURL: workspace.url });
      expect(workspace.url).toBe(emulator.url);
      expect((await client.tests.listBatchTests({ ...engine })).items).toEqual([]);
      const { test_case_batch_job_id: id } = await client.tests.createBatchTest(request);
      await workspace.settle();
      expect(await client.tests.getBatchTest(id)).toMatchObject({ status: 'complete' });
      expect(workspace.apiKey).toContain(`gives%20${name}%20a`);
      expect(Object.values(seen)).not.toContain(id);
      seen[name] = id;
    });
  }

  let tries = 0;
  test(
    'begins with an empty workspace at each try',
    { retry: 1 },
    async ({ workspace, expect }) => {
      tries += 1;
      const client = new Retell({ apiKey: workspace.apiKey, baseURL: workspace.url });
      expect((await client.tests.listBatchTests({ ...engine })).items).toEqual([]);
      await client.tests.createBatchTest(request);
      expect(tries).toBe(2);
    },
  );
});

describe('tests of the same name', () => {
  for (const ordinal of ['', '/2']) {
    test.concurrent('have a workspace each', ({ workspace, expect }) => {
      const name = 'test/vitest.test.ts > tests of the same name > have a workspace each';
      expect(workspace.apiKey).toBe(`key_test_${encodeURIComponent(name)}${ordinal}`);
    });
  }
});

describe('a workspace', () => {
  test('has the name of its test as label', async ({ workspace, emulator, expect }) => {
    const label = 'test/vitest.test.ts > a workspace > has the name of its test as label';
    expect(await workspace.info()).toMatchObject({ label });
    expect(await emulator.workspaces()).toContainEqual(await workspace.info());
  });

  test(`has the end of a name that is long${' and longer'.repeat(20)}`, async ({
    workspace,
    expect,
  }) => {
    const { label } = await workspace.info();
    expect(label).toHaveLength(100);
    expect(label).toMatch(/^….* and longer$/);
  });
});

const failing = emulatorTest({ outcomes: 'fail=1' });

failing('a test made with options has them', async ({ workspace, expect }) => {
  expect(await workspace.settings.get()).toMatchObject({ outcomes: 'fail=1' });
});

test('a test cannot be created if the emulator refuses its keys', ({ expect }) => {
  expect(() => emulatorTest({ apiKey: ['only'] } as object)).toThrow(
    'emulatorTest creates a key for each test, which the option apiKey would refuse',
  );
});
