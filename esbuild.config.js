/**
 * The last step of the build: the command as one file with what it needs from its start on,
 * because Node takes longer to load 300 files than the emulator to begin. What is needed later,
 * or is no JavaScript, is loaded from the package's dependencies, and so is all by the library.
 */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { build } from 'esbuild';

const { metafile } = await build({
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
    'json-schema-faker',
    'pino-pretty',
    'prom-client',
    'yaml',
  ],
  // Names stay as they are, for whoever reads a stack.
  minifySyntax: true,
  minifyWhitespace: true,
  legalComments: 'eof',
  metafile: true,
  // CommonJS modules in the bundle ask for Node's own ones by it.
  banner: {
    js: "import { createRequire as requireFrom } from 'node:module'; const require = requireFrom(import.meta.url);",
  },
});

// Their licences ask for the notice in every copy.
const folders = Object.keys(metafile.inputs).map(
  (file) => /.*node_modules\/(@[^/]+\/)?[^/]+/.exec(file)?.[0],
);
const notices = new Set(folders.filter((folder) => folder !== undefined).map(noticeOf));
writeFileSync('dist/THIRD-PARTY-LICENSES.txt', [...notices].sort().join(`\n${'-'.repeat(80)}\n\n`));

function noticeOf(folder) {
  const { name, version, license, author } = JSON.parse(readFileSync(`${folder}/package.json`));
  const file = readdirSync(folder).find((entry) => /^licen[cs]e/i.test(entry));
  const text = file
    ? readFileSync(`${folder}/${file}`, 'utf8').trim()
    : `By ${author?.name ?? author}. The package has no text of its licence.`;
  return `${name} ${version} (${license})\n\n${text}\n`;
}
