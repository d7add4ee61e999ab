import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { operations } from '../../contract/control.gen.js';
import { unknownQueryOf, type Contract, type ContractOperation } from '../../contract/document.js';
import type { OperationResult } from '../../contract/operation.js';
import type { ContractValidation } from '../../contract/validation.js';
import type { Emulator } from '../../emulator.js';
import { ApiError } from '../../errors.js';
import { suggestion } from '../../nearest.js';
import type { ProcessOperationId } from '../../operations/control/control-operation.js';
import { controlTable } from '../../operations/control/table.js';
import { afterExclusiveWork, type Caller, type Services } from '../../operations/operation.js';
import { runOperation } from '../../operations/run-operation.js';
import { version } from '../../version.js';
import { stopwatch } from '../../workspace/clock.js';
import { bodyOf } from '../bodies/body.js';
import type { Admit } from './guard.js';
import { registerMetrics } from '../logging/metrics.js';
import { withoutIdleTimeout } from '../load/without-idle-timeout.js';
import { toRoutePath } from '../routes.js';

/** The most runs that one load may have take about 20 MB when exported. The rest is for long texts. */
const fixturesBodyLimit = 64 * 1024 * 1024;

export interface ControlApiOptions {
  readonly emulator: Emulator;
  readonly contract: Contract;
  readonly validation: ContractValidation;
  /** Undefined if the control API is off. Health and readiness still answer. */
  readonly admit: Admit | undefined;
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
const operationsById = controlTable as object as Partial<Record<string, AnyOperation>>;

/** Registers one route for each operation of the control contract. */
export function registerControlApi(app: FastifyInstance, options: ControlApiOptions): void {
  const processHandlers = processOperations(app, options.emulator);
  const runInTurn = oneAtATime();
  registerMetricsRoute(app, options);
  for (const operation of options.contract.operations) {
    if (operation.id === 'getMetrics') continue;
    const handle = (processHandlers as Partial<Record<string, () => object>>)[operation.id];
    if (handle === undefined) {
      registerOperation(app, operation, options, runInTurn);
      continue;
    }
    app.route({
      method: operation.method,
      url: operation.path,
      config: { operationId: operation.id },
      handler: (_request, reply) => reply.send(handle()),
    });
  }
}

/** The metrics need the same permission as the control API. */
function registerMetricsRoute(app: FastifyInstance, { emulator, admit }: ControlApiOptions): void {
  const openMetrics = registerMetrics(app, emulator);
  if (admit === undefined) return;
  app.get('/_emulator/metrics', {
    config: { operationId: 'getMetrics' },
    onRequest: (request, _reply, done) => {
      admit(request);
      done();
    },
    handler: async (_request, reply) => {
      const { contentType, read } = await openMetrics();
      return reply.type(contentType).send(await read());
    },
  });
}

function processOperations(app: FastifyInstance, { clock, store }: Emulator) {
  const startedAt = clock.now();
  return {
    getHealth: () => ({ status: 'ok', version, uptime: (clock.now() - startedAt) / 1000 }),
    getReadiness: () => {
      // The app listens only after its database has been migrated.
      if (!app.server.listening) throw new ApiError('unavailable');
      const problem = store.health.problem();
      if (problem !== undefined) {
        throw new ApiError('unavailable', `The database cannot be written: ${problem}.`);
      }
      return { status: 'ready' };
    },
  } satisfies {
    [Id in Exclude<ProcessOperationId, 'getMetrics'>]: () => OperationResult<operations, Id>;
  };
}

function registerOperation(
  app: FastifyInstance,
  operation: ContractOperation,
  options: ControlApiOptions,
  inTurn: InTurn,
): void {
  const { emulator, admit } = options;
  const performNow = operationsById[operation.id];
  const perform = performNow && afterExclusiveWork(performNow);
  if (admit === undefined || perform === undefined) return;
  app.route({
    method: operation.method,
    url: toRoutePath(operation.path),
    config: { operationId: operation.id },
    ...(operation.id === 'loadFixtures' && { bodyLimit: fixturesBodyLimit }),
    // The permission is checked before the body is read.
    onRequest: (request, _reply, done) => {
      request.workspace = admit(request);
      done();
    },
    handler: async (request, reply) => {
      const { params, query } = request;
      refuseUnknownQuery(operation, query);
      const body = operation.hasBody ? bodyOf(request) : undefined;
      const workspace = request.workspace ?? '';
      const gone = new AbortController();
      reply.raw.once('close', () => {
        gone.abort();
      });
      const asked = { operation, workspace, query, body };
      const result = await withoutIdleTimeout(reply, () =>
        runOperation(options, asked, (unknownValues) => {
          const performFor = (workspace: string) =>
            perform(
              emulator,
              { workspace, signal: gone.signal, unknownValues },
              { params, query, body },
            );
          return isForAll(request)
            ? inTurn(() => performForAll(emulator, operation, performFor))
            : performFor(workspace);
        }),
      );
      return reply.code(operation.success).send(result);
    },
  });
}

/** @throws ApiError 400 for a parameter that the operation ignores: a misspelt filter would match everything. */
function refuseUnknownQuery(operation: ContractOperation, query: unknown): void {
  const [name] = unknownQueryOf(operation, query);
  if (name === undefined) return;
  const known = operation.query.map(({ name }) => name);
  const hint = suggestion(name, known);
  const detail = `query must NOT have the unknown parameter "${name.slice(0, 100)}"${hint}`;
  throw new ApiError('invalid_request', detail);
}

const isForAll = ({ body }: FastifyRequest): boolean =>
  (body as { workspace?: string } | undefined)?.workspace === '*';

/**
 * The names of all workspaces. A reset also empties the journals of workspaces in which nothing was created.
 */
function namesOf({ workspaces, journal }: Emulator, { id }: ContractOperation): string[] {
  const names = workspaces.listNames();
  if (id !== 'resetWorkspace' || journal === undefined) return names;
  return [...new Set([...names, ...journal.listNames()])];
}

type InTurn = ReturnType<typeof oneAtATime>;

/** Runs requests that act on all workspaces one after the other, so that they do not mix. */
function oneAtATime() {
  let last: Promise<unknown> = Promise.resolve();
  return <Result>(work: () => Promise<Result>): Promise<Result> => {
    const result = last.then(work);
    last = result.catch(() => undefined);
    return result;
  };
}

/** Yields to the event loop after so many milliseconds or workspaces, whichever comes first. */
const sliceMs = 10;
const sliceSize = 50;

/** Acts on all workspaces. Yields between slices, so that other requests are answered meanwhile. */
async function performForAll(
  emulator: Emulator,
  operation: ContractOperation,
  performFor: (workspace: string) => unknown,
): Promise<{ workspaces: number }> {
  const names = namesOf(emulator, operation);
  let sliceStart = stopwatch();
  for (const [done, name] of names.entries()) {
    try {
      await performFor(name);
    } catch (error) {
      if (error instanceof ApiError && done > 0) {
        error.message += `; it was done in ${String(done)} of ${String(names.length)} workspaces before`;
      }
      throw error;
    }
    if ((done + 1) % sliceSize > 0 && stopwatch() - sliceStart < sliceMs) continue;
    await emulator.clock.turn();
    sliceStart = stopwatch();
  }
  return { workspaces: names.length };
}
