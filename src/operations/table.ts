import { createBatchTest, getBatchTest } from './batch-tests.js';
import type { Operation, OperationId } from './operation.js';

/** Every operation of openapi/retell.yaml. The compiler complains while one is missing. */
export const operationsTable = {
  createBatchTest,
  getBatchTest,
} satisfies { [Id in OperationId]: Operation<Id> };
