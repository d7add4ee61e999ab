import { suggestion } from '../../nearest.js';
import { isObject } from '../json.js';

/** What the client's code said of a call that came in. */
export interface InboundDecision {
  readonly rejects: boolean;
  readonly agentId?: string;
  readonly agentVersion?: number | string;
  readonly variables?: Readonly<Record<string, string>>;
  readonly metadata?: Readonly<Record<string, unknown>>;
  /** Settings for this call alone. */
  readonly override?: unknown;
}

/** An answer as it was understood. */
export interface ReadAnswer {
  /** Undefined if the answer decides nothing. */
  readonly decision: InboundDecision | undefined;
  /** What is wrong with it, or of no effect, by name. */
  readonly warnings: readonly string[];
}

/** Says what is wrong with settings for one call; undefined if nothing is. */
export type CheckOverride = (override: unknown) => string | undefined;

const known = [
  ...['reject', 'override_agent_id', 'override_agent_version'],
  ...['dynamic_variables', 'metadata', 'agent_override'],
] as const;

/** Clients name things by megabytes. */
const maxWarnings = 20;

/**
 * Reads the body of a 2xx answer to the webhook that asks about a call that comes in.
 *
 * Documented: everything in `call_inbound` is optional, one invalid value makes the whole answer invalid, and
 * `reject` wins over all else. An answer that is not understood decides nothing.
 */
export function readInboundAnswer(text: string, checkOverride: CheckOverride): ReadAnswer {
  const nothing = (warning: string): ReadAnswer => ({ decision: undefined, warnings: [warning] });
  if (text.trim() === '') return nothing('the answer has no body, so it decides nothing');
  const body = parseJson(text);
  if (!isObject(body)) return nothing('the answer is no JSON object, so it decides nothing');
  if (!Object.hasOwn(body, 'call_inbound')) {
    const misplaced = known.filter((name) => Object.hasOwn(body, name));
    const what = misplaced.length === 0 ? '' : `: ${misplaced.join(', ')} must be in it`;
    return nothing(`the answer has no "call_inbound", so it decides nothing${what}`);
  }
  const said = body['call_inbound'];
  if (!isObject(said)) {
    return nothing('call_inbound must be object, so the answer decides nothing');
  }
  const problems = problemsOf(said, checkOverride).slice(0, maxWarnings);
  const ignored = ignoredIn(said).slice(0, maxWarnings);
  if (said['reject'] === true) {
    return { decision: { rejects: true }, warnings: [...problems, ...ignored] };
  }
  return {
    decision: problems.length === 0 ? decisionOf(said) : undefined,
    warnings: [...problems.map((problem) => `${problem}; the whole answer is ignored`), ...ignored],
  };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

type Said = Readonly<Record<string, unknown>>;

function decisionOf(said: Said): InboundDecision {
  const { override_agent_id: agentId, override_agent_version: agentVersion } = said;
  const { dynamic_variables: variables, metadata, agent_override: override } = said;
  return {
    rejects: false,
    ...(agentId !== undefined && { agentId: agentId as string }),
    ...(agentVersion !== undefined && { agentVersion: agentVersion as number | string }),
    ...(variables !== undefined && { variables: variables as Record<string, string> }),
    ...(metadata !== undefined && { metadata: metadata as Record<string, unknown> }),
    ...(override !== undefined && { override }),
  };
}

/** Documented: metadata has 50 kB at most. */
const maxMetadata = 50 * 1024;

function problemsOf(said: Said, checkOverride: CheckOverride): string[] {
  const { reject, override_agent_id: agentId, override_agent_version: version } = said;
  const { dynamic_variables: variables, metadata, agent_override: override } = said;
  const problems: string[] = [];
  const refuse = (path: string, problem: string): void => {
    problems.push(`call_inbound/${path} ${problem}`);
  };
  if (reject !== undefined && typeof reject !== 'boolean') {
    refuse('reject', `must be boolean, and is ${kindOf(reject)}`);
  }
  if (agentId !== undefined && (typeof agentId !== 'string' || agentId === '')) {
    refuse('override_agent_id', `must be the id of an agent, and is ${kindOf(agentId)}`);
  }
  if (version !== undefined && !isVersion(version)) {
    refuse('override_agent_version', `must be a number or a tag, and is ${kindOf(version)}`);
  }
  if (variables !== undefined) {
    if (!isObject(variables)) refuse('dynamic_variables', 'must be object');
    else {
      for (const [name, value] of Object.entries(variables)) {
        if (typeof value === 'string') continue;
        refuse(`dynamic_variables/${name}`, `must be string, and is ${kindOf(value)}`);
      }
    }
  }
  if (metadata !== undefined) {
    if (!isObject(metadata)) refuse('metadata', 'must be object');
    else if (Buffer.byteLength(JSON.stringify(metadata)) > maxMetadata) {
      refuse('metadata', 'must NOT have more than 50 kB');
    }
  }
  const wrong = override === undefined ? undefined : checkOverride(override);
  if (wrong !== undefined) refuse(`agent_override${wrong}`, '');
  return problems.map((problem) => problem.trim());
}

const isVersion = (version: unknown): boolean =>
  typeof version === 'number'
    ? Number.isSafeInteger(version) && version >= 0
    : typeof version === 'string' && version !== '';

/** What a value is, in words: clients choose its length. */
function kindOf(value: unknown): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'a list';
  if (value === '') return 'an empty string';
  return typeof value === 'object' ? 'an object' : `a ${typeof value}`;
}

const isKnown = (name: string): boolean => known.some((one) => one === name);

const ignoredIn = (said: Said): string[] =>
  Object.keys(said)
    .filter((name) => !isKnown(name))
    .map((name) => {
      // `agent_id` is what the question has.
      const near = `override_${name}`;
      const hint = isKnown(near) ? ` (did you mean "${near}"?)` : suggestion(name, known);
      return `call_inbound/${name.slice(0, 100)} has no effect: there is no such property${hint}`;
    });
