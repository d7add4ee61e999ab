// Runs the vendor's own TypeScript SDK suite, un-skipped, against the built emulator.
// Usage: node test/vendor-suites/run.js SDK_FOLDER [RESOURCE…]   (see README.md here)
import { spawnSync } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parse } from 'yaml';
import { startProcess } from '../../bench/processes.js';

const here = (path) => fileURLToPath(new URL(path, import.meta.url));
/** The key that the suite sends. */
const apiKey = 'YOUR_RETELL_API_KEY';
const emulated = [
  ...['agent', 'llm', 'conversation-flow', 'playground', 'tests'],
  ...['phone-number', 'call', 'concurrency', 'voice', 'knowledge-base', 'mcp-tool'],
  ...['conversation-flow-component', 'export-request'],
];
const allRefusals = parse(readFileSync(here('refused.yaml'), 'utf8'));

/** Copies the suite and the source that it tests, with every test switched on. */
function unskip(sdk, folder, resources) {
  cpSync(join(sdk, 'src'), join(folder, 'src'), { recursive: true });
  cpSync(join(sdk, 'package.json'), join(folder, 'package.json'));
  symlinkSync(join(sdk, 'node_modules'), join(folder, 'node_modules'));
  for (const resource of resources) {
    const text = readFileSync(suiteOf(sdk, resource), 'utf8');
    const all = text.replaceAll(/\b(test|describe)\.skip\(/g, '$1(');
    writeFileSync(join(folder, `${resource}.test.ts`), all);
  }
}

const suiteOf = (sdk, resource) => join(sdk, 'tests', 'api-resources', `${resource}.test.ts`);

/** Runs what `unskip` has made, and returns Jest's report. */
function runJest(sdk, folder, url) {
  const require = createRequire(join(sdk, 'package.json'));
  const report = join(folder, 'report.json');
  const config = {
    rootDir: folder,
    cacheDirectory: join(folder, 'cache'),
    testEnvironment: 'node',
    transform: { '^.+\\.tsx?$': [require.resolve('@swc/jest')] },
    // As the SDK's own configuration has it; those of 4.x need the one in the middle.
    moduleNameMapper: {
      '^retell-sdk$': '<rootDir>/src/index.ts',
      '^retell-sdk/_shims/auto/(.*)$': '<rootDir>/src/_shims/auto/$1-node',
      '^retell-sdk/(.*)$': '<rootDir>/src/$1',
    },
    setupFilesAfterEnv: [here('reset.cjs')],
  };
  const args = [
    '--config',
    JSON.stringify(config),
    '--runInBand',
    '--json',
    '--outputFile',
    report,
  ];
  const { stderr } = spawnSync(process.execPath, [require.resolve('jest/bin/jest'), ...args], {
    cwd: folder,
    env: { ...process.env, TEST_API_BASE_URL: url },
    encoding: 'utf8',
  });
  if (!existsSync(report)) throw new Error(`Jest did not run: ${stderr}`);
  return JSON.parse(readFileSync(report, 'utf8'));
}

/** Passed, refused as `refused.yaml` says, or failed: by resource. */
function judge({ testResults }, resources, major) {
  const refusals = allRefusals.filter(({ sdk = major }) => sdk === major);
  return resources.map((resource) => {
    const suite = testResults.find(({ name }) => name.endsWith(`/${resource}.test.ts`));
    const results = { passed: [], refused: [], failed: [] };
    if (suite.assertionResults.length === 0) {
      results.failed.push({ test: 'the suite', why: suite.message });
    }
    for (const { title: test, failureMessages } of suite.assertionResults) {
      const refusal = refusals.find((one) => one.resource === resource && one.test === test);
      const [failure] = failureMessages;
      if (failure === undefined) {
        if (refusal === undefined) results.passed.push({ test });
        else results.failed.push({ test, why: 'refused.yaml lists it, but it passes' });
      } else if (refusal !== undefined && isAnswer(failure, refusal)) {
        results.refused.push({ test, why: refusal.reason });
      } else {
        results.failed.push({ test, why: failure.split('\n    at ')[0] });
      }
    }
    return { resource, ...results };
  });
}

/** The SDK's message of an error begins with the status of the answer. */
const isAnswer = (failure, { status, says }) =>
  failure.startsWith(`Error: ${status} `) && failure.split('\n')[0].includes(says);

function print(judged) {
  const count = (list) => String(list.length);
  console.log('| resource | tests | passed | refused | failed |\n| --- | --- | --- | --- | --- |');
  const total = { resource: 'all', passed: [], refused: [], failed: [] };
  for (const kind of ['passed', 'refused', 'failed']) {
    total[kind] = judged.flatMap((one) => one[kind]);
  }
  for (const { resource, passed, refused, failed } of [...judged, total]) {
    const tests = count([...passed, ...refused, ...failed]);
    const cells = [resource, tests, count(passed), count(refused), count(failed)];
    console.log(`| ${cells.join(' | ')} |`);
  }
  for (const [kind, title] of [
    ['refused', 'Refused by the reference'],
    ['failed', 'Failed'],
  ]) {
    if (total[kind].length > 0) console.log(`\n${title}:\n`);
    for (const { resource, [kind]: list } of judged) {
      for (const { test, why } of list) console.log(`- ${resource}, ${test}: ${why}`);
    }
  }
  return total;
}

/** The resources to run, and those asked for that this SDK does not have. */
function choose(sdk, named) {
  const asked = named.length > 0 ? named : emulated;
  const resources = asked.filter((resource) => existsSync(suiteOf(sdk, resource)));
  return { resources, missing: asked.filter((resource) => !resources.includes(resource)) };
}

const majorOf = (sdk) =>
  Number.parseInt(JSON.parse(readFileSync(join(sdk, 'package.json'), 'utf8')).version, 10);

/** Why a suite of this folder can't be run; undefined if it can. */
function problemOf(sdk, resources) {
  if (resources.length === 0) return `${sdk} has no such suite in tests/api-resources`;
  const require = createRequire(join(sdk, 'package.json'));
  try {
    for (const name of ['jest/bin/jest', '@swc/jest', '@swc/core']) require.resolve(name);
  } catch (error) {
    return `${error.message.split('\n')[0]}: run npm install in ${sdk}`;
  }
  return undefined;
}

const startOnFixtures = (folder) =>
  startProcess(
    [
      here('../../dist/bin.js'),
      ...['--port', '0', '--database', ':memory:', '--default-api-key', apiKey],
      ...['--fixtures', here('fixtures.yaml'), '--seed', 'vendor-suites'],
      ...['--validate-responses', '--log-level', 'silent'],
    ],
    { cwd: folder },
  );

async function main([sdkFolder, ...named]) {
  if (sdkFolder === undefined) {
    console.error('usage: node test/vendor-suites/run.js SDK_FOLDER [RESOURCE…]');
    return 2;
  }
  const sdk = resolve(sdkFolder);
  const { resources, missing } = choose(sdk, named);
  for (const resource of missing) console.error(`This SDK has no suite of ${resource}.`);
  const problem = problemOf(sdk, resources);
  if (problem !== undefined) {
    console.error(problem);
    return 2;
  }
  const folder = mkdtempSync(join(tmpdir(), 'retell-vendor-suite-'));
  const emulator = await startOnFixtures(folder);
  try {
    unskip(sdk, folder, resources);
    const { failed } = print(judge(runJest(sdk, folder, emulator.url), resources, majorOf(sdk)));
    return failed.length === 0 ? 0 : 1;
  } finally {
    await emulator.end();
    rmSync(folder, { recursive: true });
  }
}

process.exitCode = await main(process.argv.slice(2));
