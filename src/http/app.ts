import fastify, { type FastifyBaseLogger, type FastifyInstance } from 'fastify';
import { loadContract } from '../contract/document.js';
import { contractValidation } from '../contract/validation.js';
import type { Emulator } from '../emulator.js';
import { controlFormats } from '../workspace/settings.js';
import { jsonOf } from '../json/cached-json.js';
import { workspaceNameOf } from '../workspace/name.js';
import { createIdentify, type Identify, type Identity } from './auth.js';
import { registerBodyBudget } from './bodies/body-budget.js';
import { registerBodyParser } from './bodies/body.js';
import { registerControlApi } from './control/control.js';
import { controlGuard, type ControlAccess } from './control/guard.js';
import { registerCors } from './vendor/cors.js';
import { registerDocs } from './docs.js';
import { refuseBadUrl, registerNotFound, sendError } from './errors.js';
import { registerResponseClosed } from './on-response-closed.js';
import {
  noteAnswer,
  refuseAmbiguous,
  refuseConnect,
  refuseExpectations,
  refuseMalformed,
} from './protocol.js';
import { registerJournal } from './vendor/journal.js';
import { schemaController } from './bodies/no-schemas.js';
import { registerOneAtATime } from './load/one-at-a-time.js';
import { registerOverload } from './load/overload.js';
import { requestIdOf, sendRequestId } from './logging/request-id.js';
import { logRequest, RequestLog } from './logging/request-log.js';
import { noteRoutes, toOriginForm } from './routes.js';
import { tlsServerFactory, type TlsCredentials } from './tls-server.js';
import { registerUnreadAnswers } from './load/unread-answers.js';
import { registerUpstream } from './vendor/upstream.js';
import { registerVendorApi } from './vendor/vendor.js';

declare module 'fastify' {
  interface FastifyRequest {
    /** The client that sent the request, by its API key; undefined if there is no key. */
    identity: Identity | undefined;
    /** The id of the requested operation in the contract. */
    operation: string | undefined;
  }
}

/** A batch of 1,000 ids has about 30 kB, so even long ids fit. */
const bodyLimit = 5 * 1024 * 1024;

/** A connection without traffic for so long is closed, because its client has probably gone. */
const idleTimeoutMs = 15 * 60_000;

/** The maximum time for a request to arrive, so that a stalled client does not keep its socket. */
const requestTimeoutMs = 60_000;

/** How often late requests are looked for. Node's default of 30 s would let them stay that much longer. */
const checkIntervalMs = 2000;

export interface AppOptions {
  readonly emulator: Emulator;
  /** The only keys that are accepted; if empty, every key is. */
  readonly apiKeys: readonly string[];
  readonly validateResponses: boolean;
  /** Who may use the control API; undefined if nobody may. */
  readonly controlAccess: ControlAccess | undefined;
  /** Origins of web pages that may use the vendor's API; `*` for any. No origin if absent. */
  readonly cors?: readonly string[];
  /** The server to forward requests to that are not emulated; none if absent. */
  readonly upstream?: string | undefined;
  /**
   * True to refuse requests while the process is overloaded. Must be false if other code shares the process
   * and may be what makes it busy.
   */
  readonly refusesOverload?: boolean;
  readonly logger?: FastifyBaseLogger;
  /** What HTTPS is served with; plain HTTP if absent. */
  readonly tls?: TlsCredentials | undefined;
}

/** Builds the HTTP server of an emulator. The caller listens, and closes the app before the emulator. */
export function buildApp(options: AppOptions): FastifyInstance {
  const { emulator, apiKeys, validateResponses, controlAccess, logger, cors = [] } = options;
  const retell = loadContract('retell');
  const control = loadContract('control');
  const identify = createIdentify(apiKeys, emulator.webhooks.keys.add);

  // Fastify would create a logger for each request even if the level is `silent`.
  const isLogged = logger !== undefined && logger.level !== 'silent';
  const app = fastify({
    ...(isLogged && { loggerInstance: logger }),
    ...(options.tls && { serverFactory: tlsServerFactory(options.tls) }),
    logController: new RequestLog({ requestIdLogLabel: 'requestId' }),
    genReqId: requestIdOf,
    bodyLimit,
    requestTimeout: requestTimeoutMs,
    connectionTimeout: idleTimeoutMs,
    http: {
      // Node would refuse a request without Host itself, with an empty body.
      requireHostHeader: false,
      // Without this, Node silently uses the first of several headers. Joined, duplicates can be refused.
      joinDuplicateHeaders: true,
      connectionsCheckingInterval: checkIntervalMs,
    },
    // An id of any length gets the usual 404, not the router's own error.
    routerOptions: { maxParamLength: 16_384 },
    rewriteUrl: ({ url = '/' }) => (url.startsWith('/') ? url : toOriginForm(url)),
    // Requests that arrived before the socket was closed are still answered.
    return503OnClosing: false,
    clientErrorHandler: refuseMalformed,
    frameworkErrors: refuseBadUrl,
    schemaController,
  });
  app.setErrorHandler(sendError);
  app.setReplySerializer((answer) => jsonOf(answer as object));
  refuseExpectations(app);
  refuseConnect(app);
  const methodsOf = noteRoutes(app);
  registerNotFound(app, methodsOf, controlAccess !== undefined);
  registerBodyParser(app, emulator.clock);
  registerBodyBudget(app);
  // Must come first, so that a request is not even read before its turn.
  registerOneAtATime(app);
  registerUnreadAnswers(app);
  registerResponseClosed(app);
  if (isLogged) app.onResponseClosed.push(logRequest);
  nameRequests(app, identify);
  if (cors.length > 0) registerCors(app, cors);
  registerJournal(app, emulator, workspaceNameOf(controlAccess?.defaultApiKey ?? ''));
  // Must come after the journal, which records refused requests, too.
  if (options.refusesOverload === true) registerOverload(app, emulator.clock);
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

/** Sets the id, the client and the operation of each request. */
function nameRequests(app: FastifyInstance, identify: Identify): void {
  app.decorateRequest('identity', undefined);
  app.decorateRequest('operation', undefined);
  app.addHook('onRequest', (request, reply, done) => {
    sendRequestId(request, reply);
    noteAnswer(request.raw, reply.raw);
    refuseAmbiguous(request.raw);
    request.identity = identify(request.headers.authorization);
    // Hot path: Fastify builds these options again each time that they are read.
    request.operation = request.routeOptions.config.operationId;
    done();
  });
}
