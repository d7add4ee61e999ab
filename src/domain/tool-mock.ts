import { isDeepStrictEqual } from 'node:util';
import type { components } from '../contract/retell.gen.js';

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

/** The least arguments that a mock's rule asks for. */
export const leastArguments = ({ input_match_rule: rule }: ToolMock): ToolArguments =>
  rule.type === 'any' ? {} : rule.args;

/** The mock without what the contract does not know. */
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

/** The place of an earlier mock that takes all calls that the one at `index` could answer. */
export function shadowingMock(mocks: readonly ToolMock[], index: number): number | undefined {
  const shadowed = mocks[index];
  if (shadowed === undefined) return undefined;
  const first = mocks
    .slice(0, index)
    .findIndex(
      (mock) =>
        mock.tool_name === shadowed.tool_name &&
        (mock.input_match_rule.type === 'any' ||
          (shadowed.input_match_rule.type === 'partial_match' &&
            fits(mock, shadowed.input_match_rule.args))),
    );
  return first === -1 ? undefined : first;
}
