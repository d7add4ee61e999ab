import underPressure from '@fastify/under-pressure';
import type { FastifyInstance } from 'fastify';
import { ApiError } from '../errors.js';
import { pathOf } from './request-log.js';

/** How late the event loop may be before new work is turned away, and how often to look. */
const limits = { mostDelayMs: 2000, sampleMs: 1000 };

/** Resident memory above which it is; clients that never read their answers can take it there. */
const mostMemory = 2 * 1024 ** 3;

/** Seconds after which to try again. */
const retryAfter = 1;

/** Turns new work away, with 503, while the process can't keep up. Whoever asks if it lives is heard. */
export function registerOverload(app: FastifyInstance, { mostDelayMs, sampleMs } = limits): void {
  void app.register(underPressure, {
    maxEventLoopDelay: mostDelayMs,
    maxRssBytes: mostMemory,
    sampleInterval: sampleMs,
    retryAfter,
    pressureHandler: (request) => {
      if (/^\/_emulator\/(health|ready)$/.test(pathOf(request))) return;
      throw new ApiError('overloaded', undefined, { 'retry-after': String(retryAfter) });
    },
  });
}
