import { isDeepStrictEqual } from 'node:util';
import type { components } from '../../contract/retell.gen.js';

export type ToolMock = components['schemas']['ToolMock'];

export type ToolArguments = Readonly<Record<string, unknown>>;

/**
 * The mock that answers a call: the first for the tool whose rule fits.
 * Documented (SDK types): `partial_match` compares only the listed arguments, each of which must
 * equal the call's; a call that no mock fits goes to the real tool.
 */
export const selectMock = (
  mocks: readonly ToolMock[],
  toolName: string,
  args: ToolArguments,
): ToolMock | undefined => mocks.find((mock) => mock.tool_name === toolName && fits(mock, args));

function fits({ input_match_rule: rule }: ToolMock, args: ToolArguments): boolean {
  if (rule.type === 'any') return true;
  return Object.entries(rule.args).every(
    ([name, value]) => Object.hasOwn(args, name) && isDeepStrictEqual(args[name], value),
  );
}

/** The fewest arguments that a mock's rule requires. */
export const leastArguments = ({ input_match_rule: rule }: ToolMock): ToolArguments =>
  rule.type === 'any' ? {} : rule.args;

/** The mock without properties that the contract does not have. */
export function knownToolMock(mock: ToolMock): ToolMock {
  const { tool_name, input_match_rule: rule, output, result } = mock;
  return {
    tool_name,
    input_match_rule:
      rule.type === 'any' ? { type: rule.type } : { type: rule.type, args: rule.args },
    output,
    ...(result !== undefined && { result }),
  };
}

/** A mock that never answers, because an earlier one matches all calls that it matches. */
export interface ShadowedMock {
  readonly index: number;
  readonly by: number;
}

/** Each mock is compared with so many earlier mocks of the same tool. */
const maxCompared = 20;

/** The most characters of rules that are compared in all. A client may send megabytes. */
const maxCharacters = 1_000_000;

/** Finds mocks that never answer. The two bounds keep this cheap for lists of any length. */
export function shadowedMocks(mocks: readonly ToolMock[]): ShadowedMock[] {
  const earlier = new Map<string, { readonly any?: number; readonly rules: readonly number[] }>();
  let characters = 0;
  return mocks.flatMap((mock, index): ShadowedMock[] => {
    const { tool_name: name, input_match_rule: rule } = mock;
    const { any, rules } = earlier.get(name) ?? { rules: [] };
    if (rule.type === 'any' || Object.keys(rule.args).length === 0) {
      if (any === undefined) earlier.set(name, { any: index, rules });
      return any === undefined ? [] : [{ index, by: any }];
    }
    if (any === undefined && rules.length < maxCompared) {
      earlier.set(name, { rules: [...rules, index] });
    }
    characters += rules.length * JSON.stringify(rule.args).length;
    const isAffordable = characters <= maxCharacters;
    const fitting = isAffordable ? rules.find((at) => fitsAt(mocks, at, rule.args)) : undefined;
    const by = fitting ?? any;
    return by === undefined ? [] : [{ index, by }];
  });
}

const fitsAt = (mocks: readonly ToolMock[], index: number, args: ToolArguments): boolean => {
  const mock = mocks[index];
  return mock !== undefined && fits(mock, args);
};
