import type { Command } from 'commander';
import { checkUpstream } from '../configuration/config.js';
import { collect } from '../configuration/options.js';
import { StartupError } from '../errors.js';
import type { PullOptions } from './pull.js';

/** The most calls to read. Each costs a request, and the vendor allows ten a second. */
const maxCalls = 10_000;

/** Adds the flags of `retell-emulator pull` to its command. */
export const addPullOptions = (command: Command): Command =>
  command
    .description(
      'Reads engines, agents, test case definitions, phone numbers and calls of an account as fixtures.',
    )
    .requiredOption('--upstream <URL>', 'server to read from, such as https://api.retellai.com')
    .option('--api-key <KEY>', 'the key of the account (env: RETELL_API_KEY)')
    .option(
      '--agent <ID>',
      'only this agent, its engine, definitions, numbers and calls; repeat it for more',
      collect,
    )
    .option('--calls <N>', `also the last N calls that are over; at most ${String(maxCalls)}`)
    .option(
      '--keep-personal-data',
      'keep the names, numbers, texts and recordings of calls, which are scrubbed otherwise',
    );

type PullRequest = Omit<PullOptions, 'sleep' | 'deadline' | 'log'>;

/** @throws StartupError */
export function readPullFlags(
  flags: Readonly<Record<string, unknown>>,
  environment: NodeJS.ProcessEnv,
): PullRequest {
  const given = flags as unknown as PullFlags;
  const { upstream, agent = [], keepPersonalData = false, calls = '0' } = given;
  const apiKey = given.apiKey ?? environment['RETELL_API_KEY'] ?? '';
  if (apiKey === '') throw new StartupError('usage', '--api-key or RETELL_API_KEY must be given');
  return {
    ...{ apiKey, agents: agent, keepsPersonalData: keepPersonalData },
    upstream: checkUpstream(upstream),
    calls: parseCount('--calls', calls, maxCalls),
  };
}

interface PullFlags {
  readonly upstream: string;
  readonly apiKey?: string;
  readonly agent?: string[];
  readonly calls?: string;
  readonly keepPersonalData?: boolean;
}

/** @throws StartupError */
function parseCount(flag: string, text: string, most: number): number {
  const count = /^\d+$/.test(text) ? Number(text) : NaN;
  if (count <= most) return count;
  const problem = `${flag} is ${JSON.stringify(text)}; it must be a whole number from 0 to ${String(most)}`;
  throw new StartupError('usage', problem);
}
