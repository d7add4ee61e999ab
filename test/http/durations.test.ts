import fc from 'fast-check';
import { AggregatorRegistry, Histogram, Registry } from 'prom-client';
import { expect, it } from 'vitest';
import { countDurations } from '../../src/http/control/durations.js';

const requests = fc.array(
  fc.record({
    operation: fc.constantFrom('getBatchTest', 'createBatchTest', 'none'),
    status: fc.constantFrom(200, 404, 'none'),
    seconds: fc.oneof(
      fc.double({ min: 0, max: 20, noNaN: true }),
      fc.constantFrom(0, 0.0005, 0.001, 1, 2.5, 10, 10.000001),
    ),
  }),
);

it('counts requests as the library does', async () => {
  await fc.assert(
    fc.asyncProperty(requests, async (requests) => {
      const durations = countDurations();
      const registry = new Registry();
      const histogram = new Histogram({
        name: 'retell_emulator_request_duration_seconds',
        help: 'How long requests took, by operation and status',
        labelNames: ['operation', 'status'],
        buckets: [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10],
        registers: [registry],
      });
      for (const { operation, status, seconds } of requests) {
        durations.add(operation, status, seconds);
        histogram.observe({ operation, status }, seconds);
      }
      const counted = AggregatorRegistry.aggregate([[durations.toMetric()]]);
      expect((await counted.metrics()).split('\n').sort()).toEqual(
        (await registry.metrics()).split('\n').sort(),
      );
    }),
  );
});
