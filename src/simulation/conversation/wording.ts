import type { EngineTool } from '../../domain/engines/engine-tool.js';
import type { ParsedMetric } from './metric.js';
import type { Phrase } from './phrases.js';
import type { PlannedMetric } from './verdict-plan.js';
import { isVerb, stemOf } from './words.js';

/** How the user asks about a metric, and how the agent answers. */
export interface Wording {
  /** The user's question, and the agent's answers if the metric is met and if it is not. */
  readonly phrases: readonly [question: Phrase, good: Phrase, bad: Phrase];
  readonly asked: string;
  readonly answered: string;
}

const usual = {
  does: ['askToDo', 'doesIt', 'leavesIt'],
  refrains: ['tempt', 'refrains', 'givesIn'],
  holds: ['raise', 'confirms', 'evades'],
} as const satisfies Record<ParsedMetric['kind'], Wording['phrases']>;

/** Metrics about the manner of the agent. A user does not ask for it. */
const manner =
  /^(?:\w+ly )?(?:be|have|remain|stay|keep|maintain|sound|speak|use|show|act|behave|respond|greet|introduce)\b/i;

/** @param part the tool to ask about, if the metric is about several. */
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

/** A tool as a clause: `book_table` → `book the table`. */
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
