import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { Emulator } from '../emulator.js';
import type { ApiError } from '../errors.js';
import type { JournalRecord } from '../workspace/journal-record.js';
import { isPreflight } from './cors.js';
import { noteFault, statusOf } from './on-response-closed.js';
import { isEmulatorPath } from './routes.js';

declare module 'fastify' {
  interface FastifyRequest {
    /** What the journal keeps of the request; null, or not there yet, if nothing, or it is over. */
    record: JournalRecord | null | undefined;
    /** Keeps the JSON of its body in the record, where there is one. */
    keepBody: ((record: JournalRecord, text: string) => void) | null;
  }
}

/**
 * Keeps what clients ask of the vendor's API, whatever becomes of it, and when they last did.
 * @param fallback the workspace in whose journal a request without a key is kept.
 */
export function registerJournal(app: FastifyInstance, emulator: Emulator, fallback: string): void {
  const { journal, clock, store } = emulator;
  app.decorateRequest('record', null);
  app.decorateRequest('keepBody', null);
  const workspaceOf = ({ identity }: FastifyRequest) => identity?.workspace ?? fallback;

  app.addHook('onRequest', (request, _reply, done) => {
    const { method, url, headers, operation, id: requestId } = request;
    // A preflight is the browser's, not the client's.
    if (!isEmulatorPath(url) && !isPreflight(request)) {
      const time = clock.now();
      const workspace = workspaceOf(request);
      store.workspaceList.noteUse(workspace, time);
      if (journal !== undefined) {
        const arrival = { time, method, url, headers, operation, requestId };
        request.record = journal.add(workspace, arrival);
        request.keepBody = journal.keepBody;
      }
    }
    done();
  });
  if (journal === undefined) return;
  app.addHook('onSend', (request, _reply, payload, done) => {
    const { record } = request;
    if (record && typeof payload === 'string' && request.method !== 'HEAD') {
      journal.keepResponse(record, payload);
    }
    done();
  });
  app.onResponseClosed.push((request, reply, duration) => {
    const { record } = request;
    if (!record) return;
    record.status = statusOf(reply);
    record.duration = duration;
    // From here on it may serve for another request, even if this one is still being worked on.
    request.record = null;
    journal.end(workspaceOf(request), record);
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
