/**
 * Compares openapi/retell.yaml with the newest release of the vendor's SDK: operations, parameters, required
 * properties, types and enums. Run by `npm run drift`; the only thing here that asks the npm registry.
 *
 * The contract was made from the release that is installed, and leaves some of it out. So what matters is what
 * differs only from the newest: the exit code tells the worst of it. `--all` shows the rest as well.
 *
 * | exit code | means                                                          |
 * | --------- | -------------------------------------------------------------- |
 * | 0         | nothing differs since                                          |
 * | 1         | something is gone                                              |
 * | 2         | something is new or changed                                    |
 * | 3         | a program that the vendor serves fails here, see `severities`  |
 * | 4         | the two could not be compared                                  |
 */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { compare, severities } from './drift/compare.js';
import { readContract, readSdk } from './drift/read.js';
import { readRelease } from './sdk-operations.js';

const usage = `Usage: npm run drift -- [options]

  --sdk FOLDER       a release of retell-sdk that is there already, in place of the newest on npm
  --basis FOLDER     the release that the contract was made from (default: node_modules/retell-sdk)
  --contract FILE    the types of the contract (default: src/contract/retell.gen.ts)
  --all              also what differed when the contract was made
  --json             for programs
`;

const { values: options } = parseArgs({
  options: {
    sdk: { type: 'string' },
    basis: { type: 'string', default: 'node_modules/retell-sdk' },
    contract: { type: 'string', default: 'src/contract/retell.gen.ts' },
    all: { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});

/** Calls back with the folder of the release to compare with. */
function withRelease(use) {
  if (options.sdk !== undefined) return use(options.sdk);
  const folder = mkdtempSync(join(tmpdir(), 'retell-sdk-'));
  try {
    const args = ['install', '--prefix', folder, '--ignore-scripts', '--no-audit', '--no-fund'];
    execFileSync('npm', [...args, 'retell-sdk@latest'], { stdio: ['ignore', 'ignore', 'inherit'] });
    return use(join(folder, 'node_modules', 'retell-sdk'));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** One line for what differs in the same way in several operations. */
function group(differences) {
  const groups = new Map();
  for (const { severity, operation, what } of differences) {
    const key = `${severity} ${what}`;
    const known = groups.get(key) ?? { severity, what, operations: [] };
    groups.set(key, { ...known, operations: [...known.operations, operation] });
  }
  return [...groups.values()];
}

function print(title, groups) {
  console.log(`${title}: ${groups.length === 0 ? 'nothing' : ''}`);
  for (const severity of severities) {
    const found = groups.filter((it) => it.severity === severity);
    if (found.length > 0) console.log(`\n  ${severity}`);
    for (const { what, operations } of found) {
      const [first, ...others] = operations;
      const more = others.length === 0 ? '' : ` and ${others.length} more`;
      console.log(`    ${first}${more}: ${what}`);
    }
  }
  console.log('');
}

function run() {
  const newest = withRelease(readSdk);
  const contract = readContract(options.contract);
  const kept = new Set(readRelease('node_modules/retell-sdk-4').operations.map(({ key }) => key));
  const from = readSdk(options.basis);
  const textOf = ({ operation, what }) => `${operation} ${what}`;
  const before = new Set(compare(contract, from.operations, kept).map(textOf));
  const all = compare(contract, newest.operations, kept);
  const since = group(all.filter((it) => !before.has(textOf(it))));
  const earlier = group(all.filter((it) => before.has(textOf(it))));
  if (options.json) {
    const shown = { contract: from.version, sdk: newest.version, since };
    console.log(JSON.stringify(options.all ? { ...shown, earlier } : shown, null, 2));
  } else {
    console.log(
      `The contract is of retell-sdk ${from.version}, and the release is ${newest.version}.\n`,
    );
    print('Since then', since);
    if (options.all) print('Before', earlier);
    else console.log(`${earlier.length} differences are older: --all shows them.`);
  }
  const worst = severities.findIndex((it) => since.some(({ severity }) => severity === it));
  return worst === -1 ? 0 : severities.length - worst;
}

if (options.help) {
  console.log(usage);
} else {
  try {
    process.exitCode = run();
  } catch (error) {
    console.error(`The contract and the SDK could not be compared: ${error.message}`);
    process.exitCode = 4;
  }
}
