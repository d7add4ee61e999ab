import type { components } from '../../contract/retell.gen.js';
import { loadContract, unknownQueryOf } from '../../contract/document.js';
import { describeUnknownValue } from '../../contract/open-values.js';
import { contractValidation } from '../../contract/validation.js';
import { shadowedMocks } from '../../domain/testing/tool-mock.js';
import type { JournalRecord } from '../../workspace/journal/record.js';
import { firstWarnings } from '../first-warnings.js';

type DefinitionInput = components['schemas']['TestCaseDefinitionInput'];

/** Warnings about a request that succeeded. They are computed when the journal is read. */
export function warningsOf(
  { operation: id, bodyIsChecked, unknownValues, warnsOfDeprecation }: JournalRecord,
  query: object,
  body: unknown,
): string[] {
  const contract = loadContract('retell');
  const operation = contract.operations.find((candidate) => candidate.id === id);
  if (operation === undefined) return [];
  const warnings = [
    ...(operation.successor === undefined || !warnsOfDeprecation
      ? []
      : [`${operation.id} is deprecated; its successor is ${operation.successor}`]),
    ...unknownQueryOf(operation, query).map(
      (name) => `query/${name} is no parameter of ${operation.id} in the contract`,
    ),
    ...unknownValues.map(describeUnknownValue),
  ];
  if (!bodyIsChecked || body === undefined) return warnings;
  const ignored = operation.keepsUnknownProperties
    ? []
    : contractValidation(contract).findIgnored(operation, body);
  const { tool_mocks: mocks = [] } = body as DefinitionInput;
  const shadowed = shadowedMocks(mocks).map(
    ({ index, by }) =>
      `body/tool_mocks/${String(index)} never answers: body/tool_mocks/${String(by)} takes every call of ${mocks[index]?.tool_name ?? ''} that it would`,
  );
  return [
    ...warnings,
    ...firstWarnings(
      ignored.map((path) => `${path} is ignored: the contract has no such property`),
    ),
    ...firstWarnings(shadowed),
  ];
}
