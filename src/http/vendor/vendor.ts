import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import {
  unknownQueryOf,
  type Contract,
  type ContractOperation,
  type SchemaObject,
} from '../../contract/document.js';
import type { ContractValidation } from '../../contract/validation.js';
import type { Emulator } from '../../emulator.js';
import { ApiError, SchemaError } from '../../errors.js';
import type { Fault } from '../../operations/faults.js';
import { afterExclusiveWork, type Caller, type Services } from '../../operations/operation.js';
import { runOperation } from '../../operations/run-operation.js';
import { operationsTable } from '../../operations/table.js';
import { controlFormats, parseProgression, type Settings } from '../../workspace/settings.js';
import { workspaceOf } from '../auth.js';
import { bodyOf } from '../bodies/body.js';
import { refuse, sendError } from '../errors.js';
import { noteFault } from '../on-response-closed.js';
import { findFaultFor, applyFault, sendAnswer } from './faults.js';
import { toRoutePath } from '../routes.js';
import { applyWording, settingsFor } from './wording.js';

declare module 'fastify' {
  interface FastifyRequest {
    /** The workspace of the caller's key; null before the key was read, or if none is needed. */
    workspace: string | null;
  }
  interface FastifyContextConfig {
    /** The id of the route's operation in the contract. */
    operationId?: string;
    /** The schema of a body that is a form; undefined if a body is JSON. */
    form?: SchemaObject | undefined;
  }
}

export interface VendorApiOptions {
  readonly emulator: Emulator;
  readonly contract: Contract;
  readonly validation: ContractValidation;
  /** Checks every answer against the contract. A mismatch becomes a 500. */
  readonly validateResponses: boolean;
}

type AnyOperation = (
  services: Services,
  caller: Caller,
  request: { params: unknown; query: unknown; body: unknown },
) => unknown;

/**
 * By id, for the loop below. The validation makes sure that each operation gets a request of its own type.
 */
const operationsById = operationsTable as object as Partial<Record<string, AnyOperation>>;

/** Registers one route for each operation of the vendor's contract. */
export function registerVendorApi(app: FastifyInstance, options: VendorApiOptions): void {
  app.decorateRequest('workspace', null);
  for (const operation of options.contract.operations) {
    registerOperation(app, operation, options);
  }
}

function registerOperation(
  app: FastifyInstance,
  operation: ContractOperation,
  options: VendorApiOptions,
): void {
  const { emulator } = options;
  const refuseNotEmulated = (): never => {
    throw new ApiError('not_emulated', `retell-emulator has no ${operation.id}.`);
  };
  const performNow = operationsById[operation.id];
  const perform = afterExclusiveWork(performNow ?? refuseNotEmulated);

  app.route({
    method: operation.method,
    url: toRoutePath(operation.path),
    config: { operationId: operation.id, form: operation.form },
    // Checks the key before the body is read, so that a client without access learns nothing else.
    onRequest: (request, _reply, done) => {
      if (operation.needsKey) request.workspace = admit(request);
      if (performNow === undefined) refuseNotEmulated();
      done();
    },
    errorHandler: (error, request, reply) => {
      sendError(withWording(emulator, request, error), request, reply);
    },
    handler: (request, reply) => {
      const caller = callerOf(request);
      const answer = () => answerOf(operation, perform, caller, request, reply, options);
      const fault = findFaultFor(emulator, caller, operation, request, reply);
      return fault === undefined
        ? answer()
        : answerWithFault(fault, answer, request, reply, emulator);
    },
  });
}

async function answerWithFault(
  fault: Fault,
  answer: () => Promise<unknown>,
  request: FastifyRequest,
  reply: FastifyReply,
  emulator: Emulator,
): Promise<unknown> {
  if (fault.phase === 'before' && (await applyFault(fault, emulator, reply))) return reply;
  // A fault also applies to a refusal.
  const result = await answer().catch((error: unknown) =>
    refuse(withWording(emulator, request, error), request, reply),
  );
  if (fault.phase === 'after') noteWithheldCall(request, result);
  if (fault.phase === 'after' && (await applyFault(fault, emulator, reply))) return reply;
  return sendAnswer(reply, result, fault, emulator.clock);
}

/** For the warning that a client that tries again places a second call. */
function noteWithheldCall({ record }: FastifyRequest, result: unknown): void {
  const id = (result as { call_id?: unknown } | null | undefined)?.call_id;
  if (record?.operation === 'createPhoneCall' && typeof id === 'string') {
    record.withheldCall = id;
  }
}

const withWording = (emulator: Emulator, request: FastifyRequest, error: unknown): unknown =>
  applyWording(error, settingsFor(emulator, request).wording);

/** The operation's answer without a fault. @throws ApiError to refuse */
async function answerOf(
  operation: ContractOperation,
  perform: AnyOperation,
  caller: Caller,
  request: FastifyRequest,
  reply: FastifyReply,
  options: VendorApiOptions,
): Promise<unknown> {
  const { emulator } = options;
  const { params, query } = request;
  // A body is ignored if the operation takes none.
  const body = operation.hasBody ? bodyOf(request) : undefined;
  if (operation.successor !== undefined) {
    refuseWithdrawn(operation, request, settingsFor(emulator, request));
  }
  if (request.url.includes('?')) {
    refuseUnknownQuery(operation, query, settingsFor(emulator, request));
  }
  const { workspace } = caller;
  const asked = { operation, workspace, query, body };
  const result = await runOperation(options, asked, (unknownValues) => {
    if (operation.hasBody && request.record) {
      request.record.bodyIsChecked = true;
      request.record.unknownValues = unknownValues;
    }
    return perform(emulator, caller, { params, query, body });
  });
  const { successor } = operation;
  if (successor !== undefined) announceSuccessor(reply, successor, params);
  reply.code(operation.success);
  return result;
}

/** @throws ApiError by policy. Documented: the vendor withdraws these operations, at dates of their own. */
function refuseWithdrawn(
  { method, path, successor = '' }: ContractOperation,
  { record }: FastifyRequest,
  { deprecated: policy }: Settings,
): void {
  if (policy === 'reject') {
    const detail = `${method.toUpperCase()} ${path}. Its successor is ${successor}.`;
    throw new ApiError('deprecated', detail);
  }
  if (record) record.warnsOfDeprecation = policy === 'warn';
}

/** @throws SchemaError by policy. Observed: the message does not begin with a path. */
function refuseUnknownQuery(
  operation: ContractOperation,
  query: unknown,
  { unknownQuery: policy }: Settings,
): void {
  if (policy === 'warn' || (policy === 'observed' && !operation.refusesUnknownQuery)) return;
  const [name] = unknownQueryOf(operation, query);
  if (name === undefined) return;
  const problem = `Unknown query parameter '${name.slice(0, 100)}'`;
  throw new SchemaError(problem, problem);
}

/** Returns the workspace of a request. @throws ApiError 401, or the error that its key asks for */
function admit(request: FastifyRequest): string {
  const { identity } = request;
  const workspace = workspaceOf(identity);
  if (identity?.refusal !== undefined) {
    noteFault(request, { source: 'api-key' });
    throw new ApiError(identity.refusal);
  }
  return workspace;
}

const progressionHeader = 'x-emulator-progression';

/** @throws ApiError 400 */
function callerOf(request: FastifyRequest): Caller {
  const { workspace, headers } = request;
  const caller: Caller = {
    workspace: workspace ?? '',
    // Documented (RFC 9110): HEAD is safe, so it must not move a batch on.
    onlyLooks: request.method === 'HEAD',
    warnLater: (findWarnings, size = 300) => {
      const { record } = request;
      if (!record) return;
      record.findWarnings = findWarnings;
      record.warningsSize = size;
    },
  };
  const text = headers[progressionHeader];
  if (text === undefined) return caller;
  const progression = parseProgression(String(text));
  if (progression === undefined) {
    const { allowed } = controlFormats.progression;
    throw new ApiError('invalid_request', `header ${progressionHeader} must be ${allowed}`);
  }
  return { ...caller, progression };
}

/**
 * Announces that the operation is deprecated, and the operation that replaces it. RFC 9745 requires a date;
 * the vendor's reference has none, so it is that of the epoch.
 */
function announceSuccessor(reply: FastifyReply, template: string, params: unknown): void {
  const values = params as Partial<Record<string, string>>;
  const path = template.replaceAll(/\{(\w+)\}/g, (_, name: string) =>
    encodeURIComponent(values[name] ?? ''),
  );
  reply.header('deprecation', '@0').header('link', `<${path}>; rel="successor-version"`);
}
