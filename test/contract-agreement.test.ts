import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Ajv } from 'ajv';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { loadContract } from '../src/contract/document.js';
import { contractValidation } from '../src/contract/validation.js';
import { ApiError } from '../src/errors.js';
import { keyedChance } from '../src/random.js';
import { retellLlm, someDefinition } from './support/emulator.js';
import { completeAgent, completeAgentChange } from './vendor-suites/complete-agent.js';
import { completeFlow } from './vendor-suites/complete-flow.js';
import { completeLlm, everyTool } from './vendor-suites/complete-llm.js';

/** What the vendor's contract is, beside the repository or its worktrees. */
const file = ['../shared', '../../shared']
  .map((folder) => join(import.meta.dirname, '..', folder, 'reference/retell-contract.yaml'))
  .find(existsSync);

const casesPerOperation = 500;

const definition = {
  ...someDefinition,
  dynamic_variables: { name: 'Ann' },
  tool_mocks: [
    { tool_name: 'book', input_match_rule: { type: 'any' }, output: '{}', result: true },
    { tool_name: 'b', input_match_rule: { type: 'partial_match', args: { a: 1 } }, output: '' },
  ],
  llm_model: 'gpt-4.1',
};
/** Without the transfers whose music is newer than the reference. */
const llm = { ...completeLlm, general_tools: everyTool };

const goodBodies: Record<string, object> = {
  createAgent: completeAgent,
  updateAgent: completeAgentChange,
  createBatchTest: {
    test_case_definition_ids: ['a', 'b'],
    response_engine: { ...retellLlm, version: 1 },
  },
  createTestCaseDefinition: definition,
  updateTestCaseDefinition: definition,
  createConversationFlow: completeFlow,
  updateConversationFlow: completeFlow,
  createRetellLLM: llm,
  updateRetellLLM: llm,
  createAgentVersion: { base_version: 0 },
  publishAgentVersion: { version: 0, version_title: 'a', version_description: 'b' },
};

/**
 * What the emulator refuses and the reference takes: bounds that the reference has in prose only, which
 * `test/http/refusals.test.ts` cites one by one, and the emulator's own.
 */
const stricter: readonly RegExp[] = [
  // Prose says that it is a text, and the type is left out.
  /\/version_title$/,
  // The emulator's own bound.
  /^\/metrics\/\d+$/,
  // Bounds and formats of the SDK's comments.
  /^\/(backchannel_frequency|max_call_duration_ms|model_temperature|reminder_trigger_ms|volume)$/,
  /^\/user_dtmf_options\/termination_key$/,
  /\/tools\/\d+\/(delay_ms|max_retry|name|timeout_ms)$/,
  /^\/general_tools\/\d+\/(delay_ms|max_retry|name|timeout_ms)$/,
  /\/global_node_setting\/condition$/,
  /^\/states\/\d+\/name$/,
  /\/timezone$/,
  // What nodes have in the SDK, and not in the reference.
  /\/nodes\/\d+\/(custom_stt_config|reminder_max_count|reminder_trigger_ms|stt_mode)(\/|$)/,
  // Types that the reference leaves out.
  /\/enable_typing_sound$/,
  /\/sms_content\/text$/,
];

interface Case {
  readonly path: string;
  readonly mutation: string;
  readonly body: unknown;
}

type Mutable = Record<string, unknown>;

/** The path of every part of a body but the root. */
function pathsIn(value: unknown, path = ''): string[] {
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([name, part]) => [
    `${path}/${name}`,
    ...pathsIn(part, `${path}/${name}`),
  ]);
}

/** The object that has the part at a path, and the part's name there. */
function locate(body: object, path: string): { holder: Mutable; name: string } {
  const names = path.split('/').slice(1);
  const name = names.pop() ?? '';
  const holder = names.reduce((part, name) => part[name] as Mutable, body as Mutable);
  return { holder, name };
}

const values: readonly unknown[] = [
  ...[null, true, false, 7, -1, 0, 0.5, 1e9, 'x', '', 'no-such-value', [], {}, [null], ['x'], [{}]],
  ...[{ type: 'no-such-type' }, 'x'.repeat(20_000)],
];

/** A body that is like a good one but for one part. @param paths of the good one. */
function mutate(good: object, paths: readonly string[], draw: (purpose: string) => number): Case {
  const body = structuredClone(good);
  const pick = <Item>(items: readonly Item[], purpose: string): Item =>
    items[Math.floor(draw(purpose) * items.length)] as Item;
  const path = pick(paths, 'place');
  const { holder, name } = locate(body, path);
  const mutation = pick(['drop', 'replace', 'replace', 'replace', 'extra'], 'mutation');
  if (mutation === 'drop') {
    if (Array.isArray(holder)) holder.splice(Number(name), 1);
    else Reflect.deleteProperty(holder, name);
  } else if (mutation === 'extra' && !Array.isArray(holder)) {
    holder['no_such_property'] = pick(values, 'value');
  } else {
    const value = pick(values, 'value');
    holder[name] = value;
    return { path, mutation: `= ${JSON.stringify(value).slice(0, 40)}`, body };
  }
  return { path, mutation, body };
}

/** Reads the reference once. */
let referenceCheck: ((id: string) => (body: unknown) => boolean) | undefined;

/** The check that the reference has for the body of an operation. */
const theirCheck = (id: string) => (referenceCheck ??= readReferenceChecks())(id);

function readReferenceChecks(): (id: string) => (body: unknown) => boolean {
  const document = parse(readFileSync(file ?? '', 'utf8')) as {
    paths: Record<string, Record<string, { operationId: string }>>;
  };
  const ajv = new Ajv({ strict: false, validateSchema: false, strictNumbers: true });
  ajv.addSchema(document, 'vendor');
  return (id) => {
    for (const [path, methods] of Object.entries(document.paths)) {
      for (const [method, { operationId }] of Object.entries(methods)) {
        if (operationId !== id) continue;
        const place = `/paths/${encodeURIComponent(path.replaceAll('/', '~1'))}/${method}`;
        const check = ajv.getSchema(`vendor#${place}/requestBody/content/application~1json/schema`);
        return (body) => check?.(body) === true;
      }
    }
    throw new Error(`the reference has no ${id}`);
  };
}

function ourCheck(id: string): (body: unknown) => string | undefined {
  const contract = loadContract('retell');
  const validation = contractValidation(contract);
  const operation = contract.operations.find(
    (other) => other.id.toLowerCase() === id.toLowerCase(),
  );
  if (operation === undefined) throw new Error(`the contract has no ${id}`);
  return (body) => {
    try {
      validation.checkBody(operation, body);
      return undefined;
    } catch (error) {
      if (error instanceof ApiError) return error.message;
      throw error;
    }
  };
}

describe.skipIf(file === undefined)(
  'the contract, beside shared/reference/retell-contract.yaml',
  () => {
    it('accepts and refuses the same bodies, each with one mistake', { timeout: 120_000 }, () => {
      const differences: string[] = [];
      const counts = { both: 0, neither: 0 };
      for (const [id, good] of Object.entries(goodBodies)) {
        const [theirs, ours] = [theirCheck(id), ourCheck(id)];
        const chance = keyedChance('agreement').within(id);
        const paths = pathsIn(good);
        for (let index = 0; index < casesPerOperation; index += 1) {
          const { path, mutation, body } = mutate(good, paths, (purpose) => chance(index, purpose));
          const isTaken = theirs(body);
          const refusal = ours(body);
          if (isTaken === (refusal === undefined)) counts[isTaken ? 'both' : 'neither'] += 1;
          else if (!isTaken || !stricter.some((place) => place.test(path))) {
            differences.push(`${id} ${path} ${mutation}: ${refusal ?? 'taken'}`);
          }
        }
      }
      expect(differences).toEqual([]);
      expect(counts.both).toBeGreaterThan(1000);
      expect(counts.neither).toBeGreaterThan(1000);
    });

    it.each(Object.entries(goodBodies))('accepts the complete body of %s', (id, good) => {
      expect(ourCheck(id)(good)).toBeUndefined();
      expect(theirCheck(id)(good)).toBe(true);
    });
  },
);
