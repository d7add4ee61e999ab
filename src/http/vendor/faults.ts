import { Readable } from 'node:stream';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { ContractOperation } from '../../contract/document.js';
import type { Emulator } from '../../emulator.js';
import { ApiError, type ErrorBody } from '../../errors.js';
import { findFault, type Fault } from '../../operations/faults.js';
import { findWorkspace, type Caller } from '../../operations/operation.js';
import { countRequest } from '../../operations/rate-limit.js';
import type { Clock } from '../../workspace/clock.js';
import { noteFault } from '../on-response-closed.js';
import { withoutIdleTimeout } from '../load/without-idle-timeout.js';
import { readPreference } from './prefer.js';
import { pathOf } from '../logging/request-log.js';
import { settingsFor, statusMessage } from './wording.js';

/**
 * Returns the fault that the request's `Prefer` header asks for, or else that of the first fault rule that is
 * due.
 * @throws ApiError 429 if there were too many requests, 400 if `Prefer` asks for an unknown status.
 */
export function findFaultFor(
  emulator: Emulator,
  caller: Caller,
  operation: ContractOperation,
  request: FastifyRequest,
  reply: FastifyReply,
): Fault | undefined {
  const workspace = findWorkspace(emulator, caller);
  if (workspace === undefined && !emulator.limitsEveryWorkspace) {
    return withNote(request, readPreference(request, operation, reply));
  }
  const present = workspace ?? emulator.workspaces.open(caller.workspace);
  const { rateLimit } = present.settings;
  if (rateLimit !== null) {
    try {
      reply.headers(countRequest(emulator, present, rateLimit, operation.id));
    } catch (error) {
      noteFault(request, { source: 'rate-limit' });
      throw error;
    }
  }
  const fault =
    readPreference(request, operation, reply) ??
    findFault(emulator, present, () => factsOf(operation, request));
  return withNote(request, fault);
}

function withNote(request: FastifyRequest, fault: Fault | undefined): Fault | undefined {
  if (fault !== undefined) noteFault(request, fault.cause);
  return fault;
}

function factsOf({ id }: ContractOperation, request: FastifyRequest) {
  const { test_case_definition_id: definition, test_case_batch_job_id: batchId } =
    request.params as Partial<Record<string, string>>;
  const body = request.body as { test_case_definition_ids?: unknown } | null | undefined;
  const listed = body?.test_case_definition_ids;
  return {
    operation: id,
    path: pathOf(request),
    definitionIds: [
      ...(definition === undefined ? [] : [definition]),
      ...(Array.isArray(listed) ? (listed as string[]) : []),
    ],
    batchId,
  };
}

/** Applies a fault to a request. Returns true if the request then gets no other answer. */
export async function applyFault(fault: Fault, emulator: Emulator, reply: FastifyReply) {
  const { latency, error, connection } = fault;
  if (latency > 0) await waitByMachine(emulator.clock, latency, reply);
  if (emulator.changes.closed) throw new ApiError('unavailable');
  if (error !== undefined) {
    sendFaultError(error, emulator, reply);
    return true;
  }
  if (connection === undefined || connection === 'truncate') return false;
  reply.hijack();
  breakConnection(connection, reply);
  return true;
}

function sendFaultError(
  error: NonNullable<Fault['error']>,
  emulator: Emulator,
  reply: FastifyReply,
): void {
  const { wording } = settingsFor(emulator, reply.request);
  const { status, message = statusMessage(status, wording), headers = {} } = error;
  const { body = { status: 'error', message } satisfies ErrorBody } = error;
  const type = typeof body === 'string' ? 'text/plain' : 'application/json';
  // The last call for a header wins. The body is serialized here, because Fastify serializes for JSON types
  // only.
  void reply.code(status).type(`${type}; charset=utf-8`).headers(headers);
  void reply.send(typeof body === 'string' ? body : JSON.stringify(body));
}

/** Breaks the connection before an answer. `hang` does nothing: the client must give up. */
function breakConnection(
  how: 'reset' | 'empty-response' | 'hang' | 'garbage',
  reply: FastifyReply,
) {
  const { socket } = reply.raw;
  if (how === 'reset') socket?.resetAndDestroy();
  if (how === 'empty-response') socket?.end();
  if (how === 'garbage') socket?.end('\u0007garbage\r\n\r\n\u0000\u00ff that is not HTTP\r\n');
}

/** Sends an answer completely, or in the broken form that its fault asks for. */
export function sendAnswer(
  reply: FastifyReply,
  result: unknown,
  { connection, drip }: Fault,
  clock: Clock,
): FastifyReply {
  if (connection !== 'truncate' && drip === undefined) return reply.send(result);
  const body = Buffer.from(JSON.stringify(result ?? {}));
  const headers = {
    'content-type': 'application/json; charset=utf-8',
    'content-length': String(body.length),
  };
  if (drip !== undefined) {
    return reply.headers(headers).send(Readable.from(pieces(body, drip, clock, reply)));
  }
  reply.hijack();
  const { raw, request } = reply;
  // The record gets its status here, because the connection closes only when the client notices the end.
  if (request.record) request.record.status = reply.statusCode;
  for (const [name, value] of Object.entries({ ...reply.getHeaders(), ...headers })) {
    raw.setHeader(name, value ?? '');
  }
  raw.writeHead(reply.statusCode);
  raw.write(body.subarray(0, Math.floor(body.length / 2)), () => raw.socket?.end());
  return reply;
}

async function* pieces(
  body: Buffer,
  { chunks, over }: NonNullable<Fault['drip']>,
  clock: Clock,
  reply: FastifyReply,
): AsyncGenerator<Buffer> {
  const count = Math.min(chunks, body.length);
  for (let index = 0; index < count; index += 1) {
    await waitByMachine(clock, over / count, reply);
    const [from = 0, to = 0] = [index, index + 1].map((n) => Math.floor((body.length * n) / count));
    yield body.subarray(from, to);
  }
}

/** Waits by the machine's clock. */
const waitByMachine = (clock: Clock, duration: number, reply: FastifyReply): Promise<void> =>
  withoutIdleTimeout(
    reply,
    () =>
      new Promise((resolve) => {
        clock.wakeAt(clock.now() + Math.ceil(duration), resolve);
      }),
  );
