/** The rooms of the house, top to bottom. A room may use itself and what stands below it. */
const rooms = [
  '^src/(bin|vitest)\\.ts$',
  '^src/cli\\.ts$',
  '^src/index\\.ts$',
  '^src/(config|fixture-file|log)\\.ts$|^src/pull/',
  '^src/options\\.ts$',
  '^src/(http|library)/',
  '^src/emulator\\.ts$',
  '^src/operations/',
  '^src/simulation/',
  '^src/store/',
  '^src/line-sink\\.ts$',
  '^src/workspace/',
  '^src/contract/(ajv|compile|document|formats|observed-words|open-values|source|validation|vendor-path)\\.ts$',
  '^src/domain/',
  '^src/contract/(operation|.*\\.gen)\\.ts$',
  '^src/(bounded-cache|errors|files|json|loopback|made-id|nearest|random|repeated-answer|version)\\.ts$',
];

/** @type {import('dependency-cruiser').IConfiguration} */
module.exports = {
  forbidden: [
    { name: 'no-cycles', severity: 'error', from: {}, to: { circular: true } },
    {
      name: 'every-file-has-a-room',
      severity: 'error',
      from: { path: '^src/', pathNot: rooms },
      to: {},
    },
    ...rooms.slice(1).map((room, index) => ({
      name: `imports-point-down-from-${String(index + 1)}`,
      severity: 'error',
      from: { path: room },
      to: { path: rooms.slice(0, index + 1) },
    })),
    {
      name: 'only-the-store-knows-sql',
      severity: 'error',
      from: { pathNot: '^src/store/' },
      to: { path: 'node_modules/better-sqlite3' },
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
      to: { dependencyTypes: ['npm-dev'], pathNot: 'node_modules/@types/' },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsConfig: { fileName: 'tsconfig.json' },
    tsPreCompilationDeps: true,
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['import', 'types'] },
  },
};
