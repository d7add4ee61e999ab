/**
 * The types of a contract's operations by id, taken from what openapi-typescript generates:
 * the generated types of a document go in as `Operations`.
 */

/** What an operation is asked. Each part is there where the contract has it. */
export interface OperationRequest<Operations, Id extends keyof Operations> {
  readonly params: Operations[Id] extends { parameters: { path: infer Params } }
    ? Params
    : undefined;
  readonly query: Operations[Id] extends { parameters: { query?: infer Query } }
    ? NonNullable<Query>
    : undefined;
  readonly body: Operations[Id] extends { requestBody?: never }
    ? undefined
    : Operations[Id] extends { requestBody: { content: { 'application/json': infer Body } } }
      ? Body
      : Operations[Id] extends { requestBody?: { content: { 'application/json': infer Body } } }
        ? Body | undefined
        : undefined;
}

type SuccessStatus = 200 | 201 | 204;

/** What an operation answers when it succeeds. */
export type OperationResult<Operations, Id extends keyof Operations> = Operations[Id] extends {
  responses: infer Responses;
}
  ? Responses[keyof Responses & SuccessStatus] extends {
      content: { 'application/json': infer Result };
    }
    ? Result
    : undefined
  : never;
