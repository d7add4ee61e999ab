// Fetched and not imported: an import reads every export of node:http, and some of those, on Node ≥ 22,
// load all of its fetch and WebSocket: a sixth of the time to start.
const { STATUS_CODES } = process.getBuiltinModule('node:http');

/** The reason phrase of a status. */
export const reasonPhrase = (status: number): string => STATUS_CODES[status] ?? 'Error';

/**
 * Every way a request can be refused, in one table: code → HTTP status and message.
 *
 * Documented: the messages of 400 to 404, 412, 422, 429 and 500 are those of the vendor's reference.
 * The others have no counterpart there; they keep the same body shape.
 */
const errorTable = {
  invalid_request: [400, 'Invalid request format, please check API reference.'],
  // Observed: the whole of the message. Deploy scripts branch on the words.
  published_llm: [400, 'Cannot update published LLM'],
  published_flow: [400, 'Cannot update published conversation flow'],
  engine_is_fixed: [400, 'Cannot update response engine after agent versions have been created'],
  // Documented: the status, and no words.
  // Observed: the whole of the message.
  deprecated: [400, 'Deprecated API usage is no longer supported:'],
  // Observed: the whole of the message.
  no_outbound_agent: [400, 'No outbound agent id set up for phone number.'],
  app_in_use: [400, 'Cannot delete an app that agents use:'],
  engine_in_use: [400, 'Cannot delete a response engine that agents use:'],
  answer_too_large: [400, 'The answer is too large:'],
  unauthorized: [401, 'API key is missing or invalid.'],
  payment_required: [402, 'Trial has ended, please add payment method.'],
  forbidden: [403, 'Forbidden.'],
  not_found: [404, 'The requested resource was not found.'],
  method_not_allowed: [405, 'The method is not allowed for this resource.'],
  request_timeout: [408, 'The request took too long to arrive.'],
  wait_timeout: [408, 'The awaited condition did not hold in time.'],
  conflict: [409, 'The request does not fit the present state.'],
  precondition_failed: [412, 'Precondition failed for conditional update.'],
  payload_too_large: [413, 'The request body is too large.'],
  unsupported_media_type: [415, 'The request body must be sent as application/json.'],
  unsupported_form: [415, 'The request body must be sent as multipart/form-data.'],
  expectation_failed: [417, 'The server cannot meet the header Expect.'],
  unprocessable: [422, 'Cannot find requested asset under given api key.'],
  // Documented: the status. The words are ours.
  job_runs: [422, 'A job of this kind is running already.'],
  call_is_over: [422, 'The call is not ongoing:'],
  chat_is_over: [422, 'The chat is not ongoing:'],
  chat_goes_on: [422, 'The chat is not over:'],
  // Observed: the whole of the message.
  no_chat_agent: [422, 'Cannot start a chat session with selected agent'],
  call_goes_on: [422, 'The call is not over:'],
  published_agent: [422, 'Cannot update published agent other than version title'],
  rate_limited: [429, 'Account rate limited, please throttle your requests.'],
  // Documented: the status. Clients look for the word.
  concurrency_limited: [429, 'Concurrency limit reached:'],
  // Documented: the words of the page on limits.
  throttled: [429, 'Too many API requests, you are being throttled, please try again later.'],
  client_left: [400, 'The connection closed before the request was complete.'],
  too_many_waiters: [429, 'Too many requests wait at once.'],
  headers_too_large: [431, 'The request headers are too large.'],
  internal: [500, 'An unexpected server error occurred.'],
  storage: [500, 'The emulator cannot use its database:'],
  not_emulated: [501, 'This operation is not emulated.'],
  unsupported_method: [501, 'The method is not supported.'],
  unsupported_coding: [501, 'The Transfer-Encoding must be chunked.'],
  bad_gateway: [502, 'The upstream server could not be reached.'],
  overloaded: [503, 'The emulator is overloaded; try again in a moment.'],
  unavailable: [503, 'The emulator cannot take requests now.'],
  unsupported_version: [505, 'The HTTP version must be 1.0 or 1.1.'],
} as const satisfies Record<string, readonly [status: number, message: string]>;

export type ErrorCode = keyof typeof errorTable;

/**
 * The body of every error answer. Documented: the vendor's shape.
 * Observed: what a request's schema refuses has `error_message` instead.
 */
export interface ErrorBody {
  status?: 'error';
  message?: string;
  error_message?: string;
}

/** The body of an error by which a schema refuses a request: one of the two shapes, or both in one object. */
export type ValidationErrorForm = 'both' | 'documented' | 'observed';

/** Documented: statuses that the vendor's reference has a message for. */
const documentedStatuses = [400, 401, 402, 403, 404, 412, 422, 429, 500];

/** The vendor's message for a status; that of HTTP where the vendor has none. */
export const messageOf = (status: number): string =>
  (documentedStatuses.includes(status)
    ? Object.values(errorTable).find(([known]) => known === status)?.[1]
    : undefined) ?? `${reasonPhrase(status)}.`;

/**
 * A refusal that the client may read. `code` is its row in the table, `statusCode` its HTTP status. Any
 * other error is a bug of the emulator: a 500.
 */
export class ApiError extends Error {
  readonly code: ErrorCode;
  readonly statusCode: number;
  /** Headers of the answer. */
  readonly headers: Readonly<Record<string, string>>;

  /** @param detail what was wrong with this request; follows the table's message. */
  constructor(code: ErrorCode, detail?: string, headers: Readonly<Record<string, string>> = {}) {
    const [status, message] = errorTable[code];
    super(detail === undefined ? message : `${message} ${detail}`);
    this.name = 'ApiError';
    this.code = code;
    this.statusCode = status;
    // The SDKs repeat every 5xx unless this header says not to.
    const isFinal = status === 501 || status === 505;
    this.headers = isFinal ? { 'x-should-retry': 'false', ...headers } : headers;
  }

  get body(): ErrorBody {
    return { status: 'error', message: this.message };
  }
}

/** The error whose answer had this status and message. */
export function readApiError(status: number, message: string): ApiError {
  const rows = Object.entries(errorTable).filter(([, [known]]) => known === status);
  const [code] = rows.find(([, row]) => message.startsWith(row[1])) ?? rows[0] ?? ['internal'];
  const error = new ApiError(code as ErrorCode);
  error.message = message;
  return error;
}

/** A request that does not fit its schema in the contract. */
export class SchemaError extends ApiError {
  /** The shape of its body. */
  form: ValidationErrorForm = 'documented';
  readonly #observed: string;

  /**
   * @param detail what was wrong, in the documented form.
   * @param observed the same in the real service's words.
   */
  constructor(detail: string, observed: string) {
    super('invalid_request', detail);
    this.#observed = observed;
  }

  override get body(): ErrorBody {
    return {
      ...(this.form !== 'observed' && super.body),
      ...(this.form !== 'documented' && { error_message: this.#observed }),
    };
  }
}

/**
 * The real service's name of the table in which something was not found: the noun of its paths.
 * Observed: `agent`, `phone-number` and `voice`. The others are assumed to follow the same rule.
 */
type ItemTable =
  | 'agent'
  | 'retell-llm'
  | 'conversation-flow'
  | 'test-case-definition'
  | 'batch-test'
  | 'test-run'
  | 'phone-number'
  | 'call'
  | 'chat'
  | 'voice'
  | 'knowledge-base'
  | 'source'
  | 'conversation-flow-component'
  | 'export-request'
  | 'asset'
  | 'contact'
  | 'contact-file'
  | 'app'
  | 'crm-config'
  | 'job'
  | 'batch-call'
  | 'batch-call-task';

/** Something that the workspace does not have. */
export class MissingError extends ApiError {
  readonly #item: { readonly id: string; readonly table: ItemTable };

  /** @param code the error that the vendor's reference documents for the operation. */
  constructor(id: string, table: ItemTable, code: 'not_found' | 'unprocessable' = 'not_found') {
    super(code);
    this.#item = { id, table };
  }

  /** The error in the real service's words. Observed: 404 with the id and its table. */
  get observed(): ApiError {
    const error = new ApiError('not_found');
    // An id from a path may be long.
    error.message = `Item ${this.#item.id.slice(0, 200)} not found from ${this.#item.table}`;
    return error;
  }
}

/**
 * A reason not to start, printed in one line.
 * `usage`: an option is wrong (exit code 2). `environment`: a port, a file (exit code 1).
 */
export class StartupError extends Error {
  readonly kind: 'usage' | 'environment';

  constructor(kind: 'usage' | 'environment', message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'StartupError';
    this.kind = kind;
  }
}
