import type { FastifyInstance } from 'fastify';
import type * as PromClient from 'prom-client';
import type { Histogram, Registry } from 'prom-client';
import type { Emulator } from '../emulator.js';
import { statusOf } from './ends.js';

/** Figures in Prometheus' text. */
export interface Metrics {
  readonly contentType: string;
  readonly read: () => Promise<string>;
}

/** From half a millisecond to ten seconds. */
const buckets = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10];

/**
 * Notes how long requests take. They are counted, and all else is looked up, when the figures are
 * read: the library is loaded then, or when there is much to count, so that neither starting up
 * nor a request pays for it.
 */
export function registerMetrics(app: FastifyInstance, emulator: Emulator): () => Promise<Metrics> {
  /** Durations in seconds that are not counted yet, by operation and status. */
  const pending = new Map<string, number[]>();

  app.onEnd.push((request, reply, duration) => {
    const operation = request.operation ?? 'none';
    const key = `${operation} ${String(statusOf(reply) ?? 'none')}`;
    const durations = pending.get(key);
    if (durations === undefined) pending.set(key, [duration / 1000]);
    else if (durations.push(duration / 1000) === mostPending) void count();
  });

  let library: Promise<{ registry: Registry; histogram: Histogram }> | undefined;
  const count = async (): Promise<Registry> => {
    library ??= import('prom-client').then((library) => makeRegistry(library, emulator));
    const { registry, histogram } = await library;
    for (const [key, durations] of pending) {
      const [operation = '', status = ''] = key.split(' ');
      const child = histogram.labels({ operation, status });
      for (const seconds of durations) child.observe(seconds);
    }
    pending.clear();
    return registry;
  };
  return async () => {
    const registry = await count();
    return { contentType: registry.contentType, read: () => registry.metrics() };
  };
}

/** Durations of one operation and status to hold before they are counted. */
const mostPending = 1000;

function makeRegistry(library: typeof PromClient, emulator: Emulator) {
  const registry = new library.Registry();
  library.collectDefaultMetrics({ register: registry });
  const histogram: Histogram = new library.Histogram({
    name: 'retell_emulator_request_duration_seconds',
    help: 'Requests by operation and status, and how long they took',
    labelNames: ['operation', 'status'],
    buckets,
    registers: [registry],
  });
  addGauges(library, registry, emulator);
  return { registry, histogram };
}

function addGauges(
  { Gauge }: typeof PromClient,
  registry: Registry,
  { store, worker, clock }: Emulator,
): void {
  const registers = [registry];
  new Gauge({
    name: 'retell_emulator_test_runs',
    help: 'Test runs by state',
    labelNames: ['state'],
    registers,
    collect() {
      for (const [state, count] of Object.entries(store.countRuns())) this.set({ state }, count);
    },
  });
  new Gauge({
    name: 'retell_emulator_worker_lag_seconds',
    help: 'How long the simulation has been due that the worker has not played yet',
    registers,
    collect() {
      this.set(Math.max(0, clock.now() - worker.nextWall()) / 1000);
    },
  });
  new Gauge({
    name: 'retell_emulator_database_bytes',
    help: 'Size of the database, without its log',
    registers,
    collect() {
      this.set(store.size());
    },
  });
}
