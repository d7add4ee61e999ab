import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { Emulator } from '../../emulator.js';
import type { ApiError } from '../../errors.js';
import type { JournalRecord } from '../../workspace/journal/record.js';
import { isPreflight } from './cors.js';
import { noteFault, statusOf } from '../on-response-closed.js';
import { isEmulatorPath } from '../routes.js';

declare module 'fastify' {
  interface FastifyRequest {
    /** The journal's record of the request; null or undefined if there is none, or if the request is over. */
    record: JournalRecord | null | undefined;
    /** Stores the JSON of the body in the record; null if the journal is off. */
    keepBody: ((record: JournalRecord, text: string) => void) | null;
  }
}

/**
 * Records every request to the vendor's API in the journal, and when each workspace was last used.
 * @param fallback the workspace for requests without an API key.
 */
export function registerJournal(app: FastifyInstance, emulator: Emulator, fallback: string): void {
  const { journal, clock, store } = emulator;
  app.decorateRequest('record', null);
  app.decorateRequest('keepBody', null);
  const workspaceOf = ({ identity }: FastifyRequest) => identity?.workspace ?? fallback;

  app.addHook('onRequest', (request, _reply, done) => {
    const { method, url, headers, operation, id: requestId } = request;
    // A preflight comes from the browser, not from the client.
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
    // The journal may reuse the record for another request, even if this one is still in work.
    request.record = null;
    journal.end(workspaceOf(request), record);
  });
}

const unusable: readonly string[] = [
  ...['invalid_request', 'unsupported_media_type', 'unsupported_form', 'payload_too_large'],
];

/** Records why a request is refused. */
export function noteRefusal(request: FastifyRequest, refusal: ApiError): void {
  const { code, message } = refusal;
  request.refusal = refusal;
  if (code === 'payment_required' && request.fault === undefined) {
    noteFault(request, { source: 'credit' });
  }
  const { record } = request;
  // There is no record if the journal is off, or if the router could not parse the path.
  if (!record) return;
  record.error = message;
  record.valid = !unusable.includes(code);
}
