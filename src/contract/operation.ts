/**
 * The types of a contract's operations, by their ids. `Operations` is the generated type of the contract's
 * document.
 */

/** The request of an operation. A part is undefined if the contract does not have it. */
export interface OperationRequest<Operations, Id extends keyof Operations> {
  readonly params: Operations[Id] extends { parameters: { path: infer Params } }
    ? Params
    : undefined;
  readonly query: Operations[Id] extends { parameters: { query?: infer Query } }
    ? NonNullable<Query>
    : undefined;
  readonly body: Operations[Id] extends { requestBody?: never }
    ? undefined
    : Operations[Id] extends { requestBody: { content: Content<infer Body> } }
      ? Body
      : Operations[Id] extends { requestBody?: { content: Content<infer Body> } }
        ? Body | undefined
        : undefined;
}

type Content<Body> = { 'application/json': Body } | { 'multipart/form-data': Body };

type SuccessStatus = 200 | 201 | 204;

/** The body of an operation's success answer. */
export type OperationResult<Operations, Id extends keyof Operations> = Operations[Id] extends {
  responses: infer Responses;
}
  ? Responses[keyof Responses & SuccessStatus] extends {
      content: { 'application/json': infer Result };
    }
    ? Result
    : undefined
  : never;
