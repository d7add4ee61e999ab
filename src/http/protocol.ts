import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import type { Socket } from 'node:net';
import type { FastifyInstance } from 'fastify';
import { ApiError, reasonPhrase, type ErrorCode } from '../errors.js';

/** A name or an address, and maybe a port. RFC 9112, 3.2: any other value must be refused. */
const validHost = /^(?:\[[\da-f:.]+\]|[\w.~%!$&'()*+;=-]*)(?::\d*)?$/i;

/**
 * Refuses requests that a proxy or another server might read differently.
 * @throws ApiError 400, 501, 505
 */
export function refuseAmbiguous({
  headers,
  httpVersionMajor: major,
  httpVersionMinor: minor,
}: IncomingMessage): void {
  if (major !== 1) throw new ApiError('unsupported_version', undefined, closing);
  const { host, 'transfer-encoding': coding } = headers;
  // RFC 9112, 3.2: only HTTP/1.0 may omit it.
  if (host === undefined && minor > 0) {
    throw new ApiError('invalid_request', 'There is no Host header.');
  }
  if (host !== undefined && !validHost.test(host)) {
    const problem = host.includes(',')
      ? 'There is more than one Host header.'
      : 'The Host header is not the name of a host.';
    throw new ApiError('invalid_request', problem);
  }
  if (coding === undefined) return;
  // RFC 9112, 6.1: HTTP/1.0 has no transfer codings, so the length of the body is not certain.
  if (minor === 0) {
    throw new ApiError('invalid_request', 'HTTP/1.0 has no Transfer-Encoding.', closing);
  }
  if (coding.toLowerCase() !== 'chunked') {
    throw new ApiError('unsupported_coding', `It is ${coding}.`, closing);
  }
}

const closing = { connection: 'close' };

/** Answers an unknown `Expect` header with a body. Node alone would answer without one. */
export function refuseExpectations({ server }: FastifyInstance): void {
  server.on('checkExpectation', (_request: IncomingMessage, response: ServerResponse) => {
    const { statusCode, headers, text } = rawAnswer(new ApiError('expectation_failed'));
    response.writeHead(statusCode, headers).end(text);
  });
}

/** Answers CONNECT. Node alone would close the connection without an answer. */
export function refuseConnect({ server }: FastifyInstance): void {
  server.on('connect', (_request: IncomingMessage, socket: Socket) => {
    // The client may have gone meanwhile.
    socket.on('error', () => undefined);
    endWith(socket, new ApiError('unsupported_method', 'It is CONNECT.'));
  });
}

const malformed: Partial<Record<string, ErrorCode>> = {
  ERR_HTTP_REQUEST_TIMEOUT: 'request_timeout',
  HPE_CHUNK_EXTENSIONS_OVERFLOW: 'payload_too_large',
  HPE_HEADER_OVERFLOW: 'headers_too_large',
};

/** The newest answer on each connection. Answers that wait for an earlier one are not among them. */
const answers = new WeakMap<Socket, ServerResponse>();

/** To be called when a request is its connection's turn. Hot path. */
export function noteAnswer({ socket }: IncomingMessage, answer: ServerResponse): void {
  answers.set(socket, answer);
}

/** Answers data that is not valid HTTP, if the client can still take that for an answer to it. */
export function refuseMalformed(error: NodeJS.ErrnoException, socket: Socket): void {
  // Without TLS no answer can be sent to a client that speaks it wrongly, or not at all.
  const isWithoutTls = error.code?.startsWith('ERR_SSL_') === true;
  if (error.code === 'ECONNRESET' || isWithoutTls || !socket.writable) {
    socket.destroy();
    return;
  }
  const answer = answers.get(socket);
  if (answer?.headersSent === true && !isOver(answer)) {
    // The data is part of a request that has its answer, or would be read as part of that answer, or
    // comes after the last request of the connection.
    socket.end();
    return;
  }
  endWith(socket, new ApiError(malformed[error.code ?? ''] ?? 'invalid_request'));
}

/** Whether another answer can follow this one on its connection. */
const isOver = (answer: ServerResponse): boolean =>
  answer.writableEnded &&
  answer.req.complete &&
  answer.shouldKeepAlive &&
  answer.getHeader('connection') !== 'close';

/** Writes an error as the last answer of a connection, and closes it. */
function endWith(socket: Duplex, error: ApiError): void {
  const { statusCode, headers, text } = rawAnswer(error);
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}`);
  const head = [`HTTP/1.1 ${String(statusCode)} ${reasonPhrase(statusCode)}`, ...lines];
  socket.end([...head, '', text].join('\r\n'));
}

/** An error for a connection that Fastify does not answer on. */
function rawAnswer(error: ApiError) {
  const text = JSON.stringify(error.body);
  const headers = {
    'content-type': 'application/json; charset=utf-8',
    'content-length': String(Buffer.byteLength(text)),
    ...error.headers,
    ...closing,
  };
  return { statusCode: error.statusCode, headers, text };
}
