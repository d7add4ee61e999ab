/**
 * The last step of the build: the command and the library, each as one file with what it needs from
 * its start on, because Node takes longer to load 300 files than the emulator to begin. What is
 * needed later is loaded then: from files beside it, or from the package's dependencies.
 */
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { build } from 'esbuild';

/** What is needed later, but so often that it is worth a file, by the package's name for it. */
const later = {
  'ajv/dist/2020.js': 'ajv',
  'json-schema-faker': 'json-schema-faker',
  pino: 'pino',
  ws: 'ws',
};

const common = {
  bundle: true,
  platform: 'node',
  target: 'node20',
  external: [
    ...['@fastify/busboy', '@fastify/reply-from', '@fastify/swagger', '@fastify/swagger-ui'],
    ...['awesome-phonenumber', 'better-sqlite3', 'pino-pretty', 'prom-client', 'yaml'],
    // Fastify has them for what is not asked of it (see src/http/app.ts).
    ...['@fastify/ajv-compiler', '@fastify/fast-json-stringify-compiler', 'light-my-request'],
  ],
  // Names stay as they are, for those who read a stack.
  minifySyntax: true,
  minifyWhitespace: true,
  legalComments: 'eof',
  metafile: true,
};

/**
 * What test runners put fakes in the place of: packages in the bundle keep what was there when it was
 * loaded, as `src/workspace/clock.ts` does, so that fakes don't stop the emulator.
 */
const kept = ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval', 'setImmediate'];
const keepTimers = {
  define: {
    ...Object.fromEntries(kept.map((name) => [name, `kept_${name}`])),
    queueMicrotask: 'kept_queueMicrotask',
    'process.nextTick': 'kept_nextTick',
  },
  banner: `
const { ${kept.map((name) => `${name}: kept_${name}`).join(', ')} } = require('node:timers');
const kept_queueMicrotask = queueMicrotask;
const kept_nextTick = process.nextTick.bind(process);`,
};

/** @param folder where the files are that are loaded later, as the bundle sees it. */
const loadLater = (folder) => ({
  name: 'load later',
  setup({ onLoad, onResolve }) {
    onResolve({ filter: /^(ajv\/dist\/2020\.js|json-schema-faker|pino|ws)$/ }, ({ path, kind }) =>
      kind === 'entry-point' ? undefined : { path: `${folder}${later[path]}.js`, external: true },
    );
    // esbuild sees what `require` loads only where it is called by this name.
    onLoad({ filter: /\/src\/.*\.ts$/ }, ({ path }) => ({
      contents: readFileSync(path, 'utf8').replaceAll(
        'createRequire(import.meta.url)(',
        'require(',
      ),
      loader: 'ts',
    }));
  },
});

/**
 * Node's modules that packages load for features that the emulator does not use: HTTPS and HTTP/2,
 * which take as long to load as all of Fastify, and Commander's subcommands in programs of their own.
 */
const notUsed = {
  name: 'not used',
  setup({ onLoad, onResolve }) {
    const leaveOut = (filter, importers) => {
      onResolve({ filter }, ({ path, importer }) =>
        importers.test(importer) ? { path, namespace: 'not used' } : undefined,
      );
    };
    leaveOut(/^node:http(s|2)$/, /\/fastify\/lib\/server\.js$/);
    leaveOut(/^node:child_process$/, /\/commander\//);
    onLoad({ filter: /./, namespace: 'not used' }, () => ({ contents: '' }));
  },
};

const builds = await Promise.all([
  build({
    ...common,
    entryPoints: {
      bin: 'src/bin.ts',
      cli: 'src/cli.ts',
      'compile-contracts': 'src/contract/compile.ts',
    },
    outdir: 'dist',
    format: 'esm',
    external: [...common.external, './cli.js'],
    plugins: [loadLater('./cjs/'), notUsed],
    // CommonJS modules in the bundle ask for Node's own ones by it.
    banner: {
      js: "import { createRequire as requireFrom } from 'node:module'; const require = requireFrom(import.meta.url);",
    },
  }),
  build({
    ...common,
    entryPoints: ['src/vitest.ts', 'src/redirect.ts'],
    outdir: 'dist',
    format: 'esm',
    external: ['./index.js', 'vitest'],
  }),
  // For browsers: nothing of Node, and nothing else to load.
  ...['esm', 'cjs'].map((format) =>
    build({
      ...common,
      entryPoints: { 'web-client': 'src/web-client.ts' },
      outdir: format === 'esm' ? 'dist' : 'dist/cjs',
      format,
      platform: 'browser',
      target: 'es2022',
      external: [],
    }),
  ),
  build({
    ...common,
    entryPoints: { redirect: 'src/redirect.ts' },
    outdir: 'dist/cjs',
    format: 'cjs',
  }),
  // CommonJS, because Jest takes nothing else by default, and one copy serves who imports, too.
  build({
    ...common,
    entryPoints: { index: 'src/index.ts' },
    outdir: 'dist/cjs',
    format: 'cjs',
    plugins: [loadLater('./'), notUsed],
    supported: { 'dynamic-import': false },
    define: { 'import.meta.url': 'codeUrl', ...keepTimers.define },
    banner: {
      js: `const codeUrl = require('node:url').pathToFileURL(require('node:path').join(__dirname, '../index.js')).href;${keepTimers.banner}`,
    },
  }),
  build({
    ...common,
    entryPoints: Object.fromEntries(Object.entries(later).map(([name, file]) => [file, name])),
    outdir: 'dist/cjs',
    format: 'cjs',
    define: keepTimers.define,
    banner: { js: keepTimers.banner },
  }),
]);

writeFileSync('dist/cjs/package.json', '{ "type": "commonjs" }\n');
const library = createRequire(import.meta.url)('./dist/cjs/index.js');
writeFileSync(
  'dist/index.js',
  `import { createRequire } from 'node:module';
const library = createRequire(import.meta.url)('./cjs/index.js');
export const { ${Object.keys(library).join(', ')} } = library;
`,
);
for (const types of ['index.d.ts', 'redirect.d.ts', 'web-client.d.ts']) copyTypes(types);

mkdirSync('dist/contract', { recursive: true });
await import('./dist/compile-contracts.js');

// Their licences ask for the notice in every copy.
const inputs = builds.flatMap(({ metafile }) => Object.keys(metafile.inputs));
const folders = inputs.map((file) => /.*node_modules\/(@[^/]+\/)?[^/]+/.exec(file)?.[0]);
const notices = new Set(folders.filter((folder) => folder !== undefined).map(noticeOf));
writeFileSync('dist/THIRD-PARTY-LICENSES.txt', [...notices].sort().join(`\n${'-'.repeat(80)}\n\n`));

/** For those who require the library. What is in the folder counts as CommonJS, its types, too. */
function copyTypes(path, copied = new Set()) {
  if (copied.has(path)) return;
  copied.add(path);
  const text = readFileSync(join('dist', path), 'utf8');
  mkdirSync(join('dist/cjs', dirname(path)), { recursive: true });
  writeFileSync(join('dist/cjs', path), text);
  for (const [, name] of text.matchAll(/ from '(\.[^']+)\.js'/g)) {
    copyTypes(join(dirname(path), `${name}.d.ts`), copied);
  }
}

function noticeOf(folder) {
  const { name, version, license, author } = JSON.parse(readFileSync(`${folder}/package.json`));
  const file = readdirSync(folder).find((entry) => /^licen[cs]e/i.test(entry));
  const text = file
    ? readFileSync(`${folder}/${file}`, 'utf8').trim()
    : `By ${author?.name ?? author}. The package has no text of its licence.`;
  return `${name} ${version} (${license})\n\n${text}\n`;
}
