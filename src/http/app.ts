import fastify, { type FastifyBaseLogger, type FastifyInstance } from 'fastify';
import { loadContract } from '../contract/document.js';
import { contractValidation } from '../contract/validation.js';
import type { Emulator } from '../emulator.js';
import { ApiError } from '../errors.js';
import { controlFormats } from '../workspace/settings.js';
import { jsonOf } from '../cached-json.js';
import { workspaceNameOf } from '../workspace/name.js';
import { identifier, type Identify, type Identity } from './auth.js';
import { registerBodyBudget } from './body-budget.js';
import { registerBodyParser } from './body.js';
import { registerControlApi } from './control.js';
import { controlGuard, type ControlAccess } from './control-guard.js';
import { registerCors } from './cors.js';
import { registerDocs } from './docs.js';
import {
  refuseBadUrl,
  refuseExpectations,
  refuseMalformed,
  registerNotFound,
  sendError,
} from './errors.js';
import { registerResponseClosed } from './on-response-closed.js';
import { registerJournal } from './journal.js';
import { schemaController } from './no-schemas.js';
import { registerOneAtATime } from './one-at-a-time.js';
import { registerOverload } from './overload.js';
import { requestIdOf, sendRequestId } from './request-id.js';
import { logRequest, RequestLog } from './request-log.js';
import { noteRoutes, toOriginForm } from './routes.js';
import { registerUnreadAnswers } from './unread-answers.js';
import { registerUpstream } from './upstream.js';
import { registerVendorApi } from './vendor.js';

declare module 'fastify' {
  interface FastifyRequest {
    /** Who sends it; undefined if it has no key. */
    identity: Identity | undefined;
    /** The operation that it asks for, by its id in the contract. */
    operation: string | undefined;
  }
}

/** A batch of 1,000 ids is some 30 kB; this leaves room for ids of any sensible length. */
const bodyLimit = 5 * 1024 * 1024;

/** How long nothing may go over a connection, so that one whose client is gone is let go. */
const idleTimeoutMs = 15 * 60_000;

/** How long a request may take to arrive, so that a stalled one does not hold its socket. */
const requestTimeoutMs = 60_000;

/** How often to look for such requests. Node's own half a minute would keep them for so long more. */
const checkIntervalMs = 2000;

export interface AppOptions {
  readonly emulator: Emulator;
  /** The keys to let in; with none, every key is. */
  readonly apiKeys: readonly string[];
  readonly validateResponses: boolean;
  /** Who may steer the emulator; nobody if undefined. */
  readonly controlAccess: ControlAccess | undefined;
  /** Origins of web pages that may use the vendor's API; `*` for any, none if absent. */
  readonly cors?: readonly string[];
  /** Where to forward what is not emulated; nowhere if undefined. */
  readonly upstream?: string | undefined;
  /**
   * True to turn work away when the process can't keep up; not where others than the emulator may be
   * what keeps it busy.
   */
  readonly turnsWorkAway?: boolean;
  readonly logger?: FastifyBaseLogger;
}

/** Assembles the HTTP side of an emulator. The caller listens, and closes the emulator after it. */
export function buildApp(options: AppOptions): FastifyInstance {
  const { emulator, apiKeys, validateResponses, controlAccess, logger, cors = [] } = options;
  const retell = loadContract('retell');
  const control = loadContract('control');
  const identify = identifier(apiKeys);

  // Fastify makes a logger of each request, also of one that says nothing.
  const isLogged = logger !== undefined && logger.level !== 'silent';
  const app = fastify({
    ...(isLogged && { loggerInstance: logger }),
    logController: new RequestLog({ requestIdLogLabel: 'requestId' }),
    genReqId: requestIdOf,
    bodyLimit,
    requestTimeout: requestTimeoutMs,
    connectionTimeout: idleTimeoutMs,
    http: {
      // Node would refuse a request without Host by itself, without a body.
      requireHostHeader: false,
      // Otherwise the first of several counts, in silence: now they are there to be refused.
      joinDuplicateHeaders: true,
      connectionsCheckingInterval: checkIntervalMs,
    },
    // Ids of any length are looked up, and not found, like any others.
    routerOptions: { maxParamLength: 16_384 },
    rewriteUrl: ({ url = '/' }) => (url.startsWith('/') ? url : toOriginForm(url)),
    // What came in before the socket was closed is answered.
    return503OnClosing: false,
    clientErrorHandler: refuseMalformed,
    frameworkErrors: refuseBadUrl,
    schemaController,
  });
  app.setErrorHandler(sendError);
  app.setReplySerializer((answer) => jsonOf(answer as object));
  refuseExpectations(app);
  const methodsOf = noteRoutes(app);
  registerNotFound(app, methodsOf, controlAccess !== undefined);
  registerBodyParser(app, emulator.clock);
  registerBodyBudget(app);
  // Before everything else, so that a request is read when it is its turn.
  registerOneAtATime(app);
  registerUnreadAnswers(app);
  registerResponseClosed(app);
  if (isLogged) app.onResponseClosed.push(logRequest);
  nameRequests(app, identify);
  if (cors.length > 0) registerCors(app, cors);
  registerJournal(app, emulator, workspaceNameOf(controlAccess?.defaultApiKey ?? ''));
  // Behind the journal, which has what is turned away, too.
  if (options.turnsWorkAway === true) registerOverload(app, emulator.clock);
  registerControlApi(app, {
    emulator,
    contract: control,
    validation: contractValidation(control, controlFormats),
    admit: controlAccess && controlGuard(controlAccess, identify),
    validateResponses,
  });
  registerVendorApi(app, {
    emulator,
    contract: retell,
    validation: contractValidation(retell),
    validateResponses,
  });
  registerDocs(app, { retell, control: controlAccess && control });
  if (options.upstream !== undefined) registerUpstream(app, options.upstream, methodsOf);
  return app;
}

/** Says of each request what it is called, who sends it, and what it asks for. */
function nameRequests(app: FastifyInstance, identify: Identify): void {
  app.decorateRequest('identity', undefined);
  app.decorateRequest('operation', undefined);
  app.addHook('onRequest', (request, reply, done) => {
    sendRequestId(request, reply);
    // RFC 9112, 3.2: several of them are refused, since others may go by another one.
    if (request.headers.host?.includes(',') === true) {
      throw new ApiError('invalid_request', 'There is more than one Host header.');
    }
    request.identity = identify(request.headers.authorization);
    // Hot path: Fastify builds these options again each time that they are read.
    request.operation = request.routeOptions.config.operationId;
    done();
  });
}
