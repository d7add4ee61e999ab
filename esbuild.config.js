/**
 * The last step of the build: the command as one file with what it needs from its start on,
 * because Node takes longer to load 300 files than the emulator to begin. What is needed later,
 * or is no JavaScript, is loaded from the package's dependencies, and so is all by the library.
 */
import { build } from 'esbuild';

await build({
  entryPoints: ['src/cli.ts'],
  outfile: 'dist/cli.js',
  bundle: true,
  platform: 'node',
  format: 'esm',
  target: 'node20',
  external: [
    '@fastify/reply-from',
    '@fastify/swagger',
    '@fastify/swagger-ui',
    'better-sqlite3',
    'pino-pretty',
    'prom-client',
    'yaml',
  ],
  // Names stay as they are, for whoever reads a stack.
  minifySyntax: true,
  minifyWhitespace: true,
  legalComments: 'eof',
  // CommonJS modules in the bundle ask for Node's own ones by it.
  banner: {
    js: "import { createRequire as requireFrom } from 'node:module'; const require = requireFrom(import.meta.url);",
  },
});
