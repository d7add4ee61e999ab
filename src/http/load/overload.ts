import type { FastifyInstance } from 'fastify';
import { ApiError } from '../../errors.js';
import type { Timer, Clock } from '../../workspace/clock.js';
import { pathOf } from '../logging/request-log.js';

/** How late the event loop may be, how often this is checked, and how often in a row it must be too late. */
const limits = { maxDelayMs: 2000, sampleMs: 1000, lateInARow: 3 };

/** Above this resident memory, requests are refused. Clients that do not read answers can cause it. */
const maxMemory = 2 * 1024 ** 3;

/** The client may try again after so many seconds. */
const retryAfter = 1;

/**
 * Refuses requests with 503 while the process is overloaded. One long answer delays the event loop only once,
 * which does not count. Health and readiness are always answered.
 */
export function registerOverload(app: FastifyInstance, clock: Clock): void {
  let lateInARow = 0;
  let takesTooMuchMemory = false;
  let timer: Timer;
  const checkAt = (time: number): void => {
    timer = clock.wakeAt(time, () => {
      lateInARow = clock.now() - time > limits.maxDelayMs ? lateInARow + 1 : 0;
      takesTooMuchMemory = process.memoryUsage.rss() > maxMemory;
      checkAt(clock.now() + limits.sampleMs);
    });
  };
  checkAt(clock.now() + limits.sampleMs);
  app.addHook('onClose', (_app, done) => {
    timer.cancel();
    done();
  });
  app.addHook('onRequest', (request, _reply, done) => {
    const isOverloaded = lateInARow >= limits.lateInARow || takesTooMuchMemory;
    if (isOverloaded && !/^\/_emulator\/(health|ready)$/.test(pathOf(request))) {
      throw new ApiError('overloaded', undefined, { 'retry-after': String(retryAfter) });
    }
    done();
  });
}
