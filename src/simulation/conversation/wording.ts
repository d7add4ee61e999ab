import type { EngineTool } from '../../domain/engine-tool.js';
import type { ParsedMetric } from './metric.js';
import type { Phrase } from './phrases.js';
import type { PlannedMetric } from './verdict-plan.js';
import { isVerb, stemOf } from './words.js';

/** How a metric is brought up by the user, and answered by the agent. */
export interface Wording {
  /** What the user says, and what the agent answers if the metric is met, or not. */
  readonly phrases: readonly [question: Phrase, good: Phrase, bad: Phrase];
  readonly asked: string;
  readonly answered: string;
}

const usual = {
  does: ['askToDo', 'doesIt', 'leavesIt'],
  refrains: ['tempt', 'refrains', 'givesIn'],
  holds: ['raise', 'confirms', 'evades'],
} as const satisfies Record<ParsedMetric['kind'], Wording['phrases']>;

/** How the agent behaves, which nobody asks for. */
const manner =
  /^(?:\w+ly )?(?:be|have|remain|stay|keep|maintain|sound|speak|use|show|act|behave|respond|greet|introduce)\b/i;

/** @param part the only tool that is meant, if not all of the metric is. */
export function wordingOf({ parsed, demands }: PlannedMetric, part?: EngineTool): Wording {
  const { kind, asked, answered } = parsed;
  const tool = part ?? demands.asked.at(-1) ?? demands.forbidden[0];
  const isNamed = tool !== undefined && asked.toLowerCase().includes(tool.name.toLowerCase());
  if (tool !== undefined && (isNamed || kind === 'holds' || part !== undefined)) {
    const deed = deedOf(tool);
    const phrases = demands.asked.length > 0 ? usual.does : usual.refrains;
    return { phrases, asked: deed, answered: deed };
  }
  if (tool === undefined && kind === 'does' && manner.test(asked)) {
    return { phrases: ['bother', 'courteous', 'curt'], asked, answered };
  }
  return { phrases: usual[kind], asked, answered };
}

/** What a tool does, in words: `book_table` → `book the table`. */
function deedOf({ name, type }: EngineTool): string {
  if (type === 'end_call') return 'end the call';
  if (type === 'transfer_call') return 'transfer the call';
  const [first = '', ...others] = name
    .slice(0, 100)
    .replaceAll(/(?<=[a-z\d])(?=[A-Z])/g, ' ')
    .toLowerCase()
    .split(/[\s_-]+/);
  if (others.length === 0) return isVerb(stemOf(first)) ? `${first} that` : `use ${first}`;
  return isVerb(stemOf(first))
    ? `${first} the ${others.join(' ')}`
    : `do the ${[first, ...others].join(' ')}`;
}
