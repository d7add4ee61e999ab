import type { FastifyInstance } from 'fastify';
import type { Contract } from '../contract/document.js';
import type { OperationResult } from '../contract/operation.js';
import type { operations } from '../contract/control.gen.js';
import type { Emulator } from '../emulator.js';
import { ApiError } from '../errors.js';
import { version } from '../version.js';
import { toRoutePath } from './routes.js';

interface ControlServices {
  readonly emulator: Emulator;
  /** When the emulator was started. */
  readonly startedAt: number;
  readonly isListening: () => boolean;
}

type ControlOperation<Id extends keyof operations> = (
  services: ControlServices,
) => OperationResult<operations, Id>;

const controlOperations = {
  getHealth: ({ emulator, startedAt }) => ({
    status: 'ok',
    version,
    uptime: (emulator.clock.now() - startedAt) / 1000,
  }),
  getReadiness: ({ isListening }) => {
    // There is no emulator before its database is migrated, so the socket is all that is left.
    if (!isListening()) throw new ApiError('unavailable');
    return { status: 'ready' };
  },
} satisfies { [Id in keyof operations]: ControlOperation<Id> };

/** One route for each operation of the control contract. */
export function registerControlApi(
  app: FastifyInstance,
  options: { readonly emulator: Emulator; readonly contract: Contract },
): void {
  const { emulator, contract } = options;
  const services: ControlServices = {
    emulator,
    startedAt: emulator.clock.now(),
    isListening: () => app.server.listening,
  };
  for (const { id, method, path, success } of contract.operations) {
    const perform = controlOperations[id as keyof operations];
    app.route({
      method,
      url: toRoutePath(path),
      config: { operationId: id },
      handler: (_request, reply) => reply.code(success).send(perform(services)),
    });
  }
}
