import { checkBodyInSlices } from '../contract/check-in-slices.js';
import type { ContractOperation } from '../contract/document.js';
import {
  noValues,
  type ReportUnknownValues,
  type UnknownValue,
  type UnknownValuesPolicy,
} from '../contract/open-values.js';
import type { ContractValidation } from '../contract/validation.js';
import type { Services } from './operation.js';

export interface OperationRequest {
  readonly operation: ContractOperation;
  /** The name of the caller's workspace. */
  readonly workspace: string;
  /** Values are converted in place to the types that the contract gives them. */
  readonly query: unknown;
  readonly body: unknown;
}

/** What serves the operations of a contract. */
export interface OperationServer {
  readonly emulator: Pick<Services, 'store' | 'workspaces' | 'clock'> & {
    readonly reportUnknownValues: ReportUnknownValues;
  };
  readonly validation: ContractValidation;
  readonly validateResponses: boolean;
}

/**
 * Runs one request for an operation, of the vendor's contract and of the control contract, over HTTP and in
 * the library: validates it, performs the operation, waits for the commit of its writes, and checks the
 * answer if that is asked for.
 * @param perform gets the values in the body that an open list of the contract does not have.
 * @throws ApiError to refuse
 */
export async function runOperation(
  { emulator, validation, validateResponses }: OperationServer,
  { operation, workspace, query, body }: OperationRequest,
  perform: (unknownValues: readonly UnknownValue[]) => unknown,
): Promise<unknown> {
  const { store, workspaces } = emulator;
  if (operation.query.length > 0 && query !== undefined) validation.checkQuery(operation, query);
  const policy = (): UnknownValuesPolicy => workspaces.unknownValuesPolicy(workspace);
  let unknownValues = noValues;
  if (operation.id === 'loadFixtures') {
    const turn = (): Promise<void> => emulator.clock.turn();
    unknownValues = await checkBodyInSlices(validation, operation, body, policy, turn);
  } else if (operation.hasBody) {
    unknownValues = validation.checkBody(operation, body, policy);
  }
  if (unknownValues.length > 0) emulator.reportUnknownValues(unknownValues, `${operation.id}: `);
  let result: unknown;
  if (operation.method !== 'get') {
    result = await store.runThenCommit(() => perform(unknownValues));
  } else {
    const performing = perform(unknownValues);
    // Hot path: no promise for operations that return at once, as most polls do.
    result = performing instanceof Promise ? await performing : performing;
    await store.endOfTurn();
  }
  if (!validateResponses) return result;
  const mismatch = validation.findResponseMismatch(operation, result);
  if (mismatch === undefined) return result;
  throw new Error(`${operation.id} breaks the contract: ${mismatch}`);
}
