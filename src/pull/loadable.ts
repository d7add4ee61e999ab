import { loadContract } from '../contract/document.js';
import { contractValidation } from '../contract/validation.js';
import { findWrongWeights } from '../domain/calls/phone-number.js';
import { findAssetMistake } from '../domain/engines/asset-mistakes.js';
import { controlFormats } from '../workspace/settings.js';
import type { Json } from './ask.js';

const assetKinds = {
  retellLlms: 'retell-llm',
  conversationFlows: 'conversation-flow',
  agents: 'agent',
} as const;

type FixturePart = keyof typeof assetKinds | 'definitions' | 'phoneNumbers' | 'calls';

const idNames = [
  'llm_id',
  'conversation_flow_id',
  'agent_id',
  'test_case_definition_id',
  'phone_number',
];

const nameOf = (part: FixturePart, item: Json): string =>
  part === 'calls'
    ? String(item['call_id'])
    : String(idNames.map((name) => item[name]).find(Boolean));

/** Returns a function that leaves out the objects that a load would refuse, and logs each of them. */
export function onlyLoadable(log: (line: string) => void) {
  return (part: FixturePart, items: readonly Json[]): Json[] => {
    const names = new Set<string>();
    return items.filter((item) => {
      const name = nameOf(part, item);
      const isTwice = (part === 'calls' || part === 'phoneNumbers') && names.has(name);
      const problem = isTwice ? 'it is listed twice' : problemOf(part, item);
      names.add(name);
      if (problem !== undefined) log(`left out ${name}, which would not load: ${problem}`);
      return problem === undefined;
    });
  };
}

/** Why a load would refuse the object. An account may hold objects that the vendor would refuse today. */
function problemOf(part: FixturePart, item: Json): string | undefined {
  const validation = contractValidation(loadContract('control'), controlFormats);
  const { mismatch } = validation.checkValue('Fixtures', { [part]: [item] }, 'accept');
  if (mismatch !== undefined) return mismatch.replace(`/${part}/0`, '');
  if (part === 'definitions') return undefined;
  if (part === 'phoneNumbers') return numberProblemOf(item);
  if (part === 'calls') return callProblemOf(item);
  const mistake = findAssetMistake(assetKinds[part], item);
  return mistake && `${mistake.path} ${mistake.problem}`;
}

function numberProblemOf(number: Json): string | undefined {
  const list = findWrongWeights(number);
  if (list !== undefined) return `/${list} must have weights that add up to 1`;
  if (number['fallback_number'] !== number['phone_number']) return undefined;
  return '/fallback_number must be another number';
}

function callProblemOf(call: Json): string | undefined {
  const { start_timestamp: start, end_timestamp: end, call_type: type } = call;
  const hasNumbers = call['from_number'] !== undefined && call['to_number'] !== undefined;
  if (type !== 'web_call' && !hasNumbers) return 'it has no numbers';
  if (typeof end !== 'number') return '/end_timestamp is missing, and the call is over';
  if (typeof start === 'number' && end < start) return '/end_timestamp is before its start';
  return undefined;
}
