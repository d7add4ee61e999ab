import { Readable } from 'node:stream';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { Emulator } from '../emulator.js';
import type { ApiError } from '../errors.js';
import type { JournalRecord } from '../workspace/journal-record.js';
import { noteFault, statusOf } from './ends.js';
import { isOurs } from './routes.js';

declare module 'fastify' {
  interface FastifyRequest {
    /** What the journal keeps of the request; null, or not there yet, if nothing, or it is over. */
    record: JournalRecord | null | undefined;
  }
}

/** Bodies up to this many bytes are kept. */
const longestBody = 64 * 1024;

const noQuery = Object.freeze({});

/** About what a request takes in memory beside its texts. */
const recordSize = 500;

/**
 * Keeps what clients ask of the vendor's API, whatever becomes of it.
 * @param fallback the workspace in whose journal a request without a key is kept.
 */
export function registerJournal(app: FastifyInstance, emulator: Emulator, fallback: string): void {
  const { journal, clock } = emulator;
  app.decorateRequest('record', null);
  if (journal === undefined) return;
  const workspaceOf = ({ identity }: FastifyRequest) => identity?.workspace ?? fallback;

  app.addHook('onRequest', (request, _reply, done) => {
    const { method, url, headers, operation } = request;
    if (!isOurs(url)) {
      const arrival = { time: clock.now(), method, url, headers, operation };
      request.record = journal.add(workspaceOf(request), arrival, sizeOf(request));
    }
    done();
  });
  app.onEnd.push((request, reply, duration) => {
    const { record } = request;
    if (!record) return;
    record.status = statusOf(reply);
    record.duration = duration;
    // From here on it may serve for another request, even if this one is still being worked on.
    request.record = null;
    journal.announce(workspaceOf(request));
  });
  app.addHook('preValidation', (request, _reply, done) => {
    const { record, body, query } = request;
    if (record) {
      // Later on, texts of the query may be turned into numbers.
      record.query = request.url.includes('?') ? { ...(query as object) } : noQuery;
      // One that is passed on as it comes is never whole here.
      if (!(body instanceof Readable) && lengthOf(request) <= longestBody) record.body = body;
    }
    done();
  });
}

/** Notes why a request is refused. */
export function noteRefusal(request: FastifyRequest, refusal: ApiError): void {
  const { code, message } = refusal;
  request.refusal = refusal;
  if (code === 'payment_required' && request.fault === undefined) {
    noteFault(request, { source: 'credit' });
  }
  const { record } = request;
  // A path that no router can read comes past all hooks.
  if (!record) return;
  record.error = message;
  record.valid = !['invalid_request', 'unsupported_media_type', 'payload_too_large'].includes(code);
}

const lengthOf = ({ headers, body }: FastifyRequest): number =>
  headers['content-length'] === undefined && body !== undefined
    ? JSON.stringify(body).length
    : Number(headers['content-length'] ?? 0);

function sizeOf({ url, raw, headers }: FastifyRequest): number {
  const texts = raw.rawHeaders.reduce((length, text) => length + text.length, url.length);
  // One that comes in chunks may get as long as any.
  const isChunked = headers['transfer-encoding'] !== undefined;
  const body = isChunked ? longestBody : Number(headers['content-length'] ?? 0);
  return recordSize + texts + Math.min(body, longestBody);
}
