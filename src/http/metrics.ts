import type { FastifyInstance } from 'fastify';
import type * as PromClient from 'prom-client';
import type { Histogram, Registry } from 'prom-client';
import type { Emulator } from '../emulator.js';

/** Figures in Prometheus' text. */
export interface Metrics {
  readonly contentType: string;
  readonly read: () => Promise<string>;
}

/** From half a millisecond to ten seconds. */
const buckets = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10];

/**
 * Counts requests as they are answered. All else is looked up when it is read, and the library is
 * loaded when it is first read, or there is much to count, so that starting up does not pay for it.
 */
export function registerMetrics(app: FastifyInstance, emulator: Emulator): () => Promise<Metrics> {
  /** Durations in seconds that no histogram has yet, by operation and status. */
  const pending = new Map<string, number[]>();
  const observers = new Map<string, (seconds: number) => void>();

  app.addHook('onResponse', (request, reply, done) => {
    const operation = request.routeOptions.config.operationId ?? 'none';
    const key = `${operation} ${String(reply.statusCode)}`;
    const seconds = reply.elapsedTime / 1000;
    const observe = observers.get(key);
    if (observe === undefined) {
      const durations = pending.get(key) ?? [];
      if (durations.length === 0) pending.set(key, durations);
      durations.push(seconds);
      if (durations.length === mostPending) void open();
    } else {
      observe(seconds);
    }
    done();
  });

  let registry: Promise<Registry> | undefined;
  let histogram: Histogram<'operation' | 'status'> | undefined;
  const open = async (): Promise<Metrics> => {
    registry ??= import('prom-client').then((library) => {
      const registry = new library.Registry();
      library.collectDefaultMetrics({ register: registry });
      histogram = new library.Histogram({
        name: 'retell_emulator_request_duration_seconds',
        help: 'Requests by operation and status, and how long they took',
        labelNames: ['operation', 'status'],
        buckets,
        registers: [registry],
      });
      addGauges(library, registry, emulator);
      return registry;
    });
    const present = await registry;
    for (const [key, durations] of pending) {
      const [operation = '', status = ''] = key.split(' ');
      const child = histogram?.labels({ operation, status });
      for (const seconds of durations) child?.observe(seconds);
      observers.set(key, (seconds) => child?.observe(seconds));
    }
    pending.clear();
    return { contentType: present.contentType, read: () => present.metrics() };
  };
  return open;
}

/** Durations of one operation and status to hold, before the library is loaded to count them. */
const mostPending = 1000;

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
