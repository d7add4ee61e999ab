import type { FastifyInstance } from 'fastify';
import { ApiError } from '../errors.js';
import type { Timer, Clock } from '../workspace/clock.js';
import { pathOf } from './request-log.js';

/** How late the event loop may be, how often to look, and how often in a row it must be too late. */
const limits = { mostDelayMs: 2000, sampleMs: 1000, lateInARow: 3 };

/** Resident memory above which new work is turned away; clients that read no answers can fill it. */
const mostMemory = 2 * 1024 ** 3;

/** Seconds after which to try again. */
const retryAfter = 1;

/**
 * Turns new work away, with 503, while the process can't keep up. One long answer makes the event loop
 * late once, which is no overload. Requests that ask whether it lives are answered.
 */
export function registerOverload(app: FastifyInstance, clock: Clock): void {
  let lateInARow = 0;
  let takesTooMuchMemory = false;
  let timer: Timer;
  const lookAt = (time: number): void => {
    timer = clock.wakeAt(time, () => {
      lateInARow = clock.now() - time > limits.mostDelayMs ? lateInARow + 1 : 0;
      takesTooMuchMemory = process.memoryUsage.rss() > mostMemory;
      lookAt(clock.now() + limits.sampleMs);
    });
  };
  lookAt(clock.now() + limits.sampleMs);
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
