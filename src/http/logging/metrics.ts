import type { FastifyInstance } from 'fastify';
import type * as PromClient from 'prom-client';
import type { Registry } from 'prom-client';
import type { Emulator } from '../../emulator.js';
import type { Store } from '../../store/store.js';
import { droppedLines } from '../../logging/line-sink.js';
import { countDurations, type Durations } from '../control/durations.js';
import { statusOf } from '../on-response-closed.js';

/** Metrics in the text format of Prometheus. */
export interface Metrics {
  readonly contentType: string;
  readonly read: () => Promise<string>;
}

/**
 * Records how long requests take. All other figures are computed when the metrics are read, and the library
 * is loaded then, so that neither the start nor requests get slower.
 */
export function registerMetrics(app: FastifyInstance, emulator: Emulator): () => Promise<Metrics> {
  const durations = countDurations();
  app.onResponseClosed.push((request, reply, duration) => {
    durations.add(request.operation ?? 'none', statusOf(reply) ?? 'none', duration / 1000);
  });

  let library: Promise<{ merged: () => Registry }> | undefined;
  return async () => {
    library ??= import('prom-client').then((library) => registryOf(library, emulator, durations));
    const registry = (await library).merged();
    return { contentType: registry.contentType, read: () => registry.metrics() };
  };
}

function registryOf(library: typeof PromClient, emulator: Emulator, durations: Durations) {
  const { Registry, AggregatorRegistry, collectDefaultMetrics } = library;
  const register = new Registry();
  collectDefaultMetrics({ register });
  addGauges(library, register, emulator);
  return {
    merged: () =>
      Registry.merge([register, AggregatorRegistry.aggregate([[durations.toMetric()]])]),
  };
}

function addGauges(
  library: typeof PromClient,
  registry: Registry,
  { store, worker, clock }: Emulator,
): void {
  const { Counter, Gauge } = library;
  const registers = [registry];
  new Counter({
    name: 'retell_emulator_log_lines_dropped_total',
    help: 'Lines of the log that this process dropped, because standard error accepted none',
    registers,
    collect() {
      this.reset();
      this.inc(droppedLines());
    },
  });
  new Gauge({
    name: 'retell_emulator_test_runs',
    help: 'Number of test runs by state',
    labelNames: ['state'],
    registers,
    collect() {
      for (const [state, count] of Object.entries(store.countRuns())) this.set({ state }, count);
    },
  });
  addCounts(library, registry, store);
  new Gauge({
    name: 'retell_emulator_webhooks_waiting',
    help: 'Number of webhooks that are neither delivered nor have failed for good',
    registers,
    collect() {
      this.set(store.deliveries.count());
    },
  });
  new Gauge({
    name: 'retell_emulator_worker_lag_seconds',
    help: 'How late the worker is with what is due in the simulation',
    registers,
    collect() {
      this.set(Math.max(0, clock.now() - worker.nextWall()) / 1000);
    },
  });
  new Gauge({
    name: 'retell_emulator_database_bytes',
    help: 'Size of the database without its write-ahead log',
    registers,
    collect() {
      this.set(store.size());
    },
  });
}

/** How many calls and chats there are. */
function addCounts({ Gauge }: typeof PromClient, registry: Registry, store: Store): void {
  const counts = { calls: store.countCalls, chats: store.countChats };
  for (const [name, read] of Object.entries(counts)) {
    new Gauge({
      name: `retell_emulator_${name}`,
      help: `Number of ${name} by status`,
      labelNames: ['status'],
      registers: [registry],
      collect() {
        for (const [status, count] of Object.entries(read())) this.set({ status }, count);
      },
    });
  }
}
