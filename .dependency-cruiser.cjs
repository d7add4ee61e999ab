/** The layers, top to bottom. A layer may import itself and the layers below it. */
const layers = [
  '^src/(bin|redirect|vitest|web-client)\\.ts$',
  '^src/cli\\.ts$',
  '^src/index\\.ts$',
  '^src/configuration/(config|fixture-file|tls-files)\\.ts$|^src/logging/log\\.ts$|^src/(pull|trigger)/',
  '^src/configuration/(options|option-spec|call-options|object-options|tls-options|webhook-options)\\.ts$',
  '^src/(http|library|redirect)/',
  '^src/emulator\\.ts$',
  '^src/operations/',
  '^src/outbound/',
  '^src/simulation/(?!clockwork/)',
  '^src/simulation/clockwork/',
  '^src/store/',
  '^src/logging/line-sink\\.ts$',
  '^src/workspace/',
  '^src/contract/(ajv|check-in-slices|compile|document|formats|observed-words|open-values|source|validation|vendor-path)\\.ts$',
  '^src/domain/',
  '^src/contract/(operation|.*\\.gen)\\.ts$',
  '^src/json/',
  '^src/(errors|files|loopback|stored-id|bounded-cache|nearest|random|version)\\.ts$',
];

/** @type {import('dependency-cruiser').IConfiguration} */
module.exports = {
  forbidden: [
    { name: 'no-cycles', severity: 'error', from: {}, to: { circular: true } },
    {
      name: 'every-file-has-a-layer',
      severity: 'error',
      from: { path: '^src/', pathNot: layers },
      to: {},
    },
    ...layers.slice(1).map((layer, index) => ({
      name: `imports-point-down-from-${String(index + 1)}`,
      severity: 'error',
      from: { path: layer },
      to: { path: layers.slice(0, index + 1) },
    })),
    {
      name: 'only-the-store-knows-sql',
      severity: 'error',
      from: { pathNot: '^src/store/' },
      to: { path: 'node_modules/better-sqlite3' },
    },
    {
      name: 'only-outbound-opens-connections',
      severity: 'error',
      from: {
        path: '^src/',
        pathNot: '^src/(outbound/|http/|redirect/|library/remote-calls|loopback)',
      },
      to: { path: '^(node:)?(dgram|dns|http|http2|https|net|tls)$' },
    },
    {
      name: 'only-http-knows-fastify',
      severity: 'error',
      from: { path: '^src/', pathNot: '^src/(http/|cli\\.ts$)' },
      to: { path: 'node_modules/(@fastify|fastify)/' },
    },
    {
      name: 'product-does-not-need-dev-dependencies',
      severity: 'error',
      from: { path: '^src/', pathNot: '^src/vitest\\.ts$' },
      to: { dependencyTypes: ['npm-dev'], pathNot: 'node_modules/(@types|pino-pretty)/' },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsConfig: { fileName: 'tsconfig.json' },
    tsPreCompilationDeps: true,
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['import', 'types'] },
  },
};
