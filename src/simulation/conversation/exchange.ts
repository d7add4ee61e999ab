import { endsConversation, type EngineTool } from '../../domain/engine-tool.js';
import type { PlannedMetric, VerdictPlan } from './verdict-plan.js';
import type { Step, Walk } from './walk.js';

/** Where user and agent talk, with what happens without a word on the way there. */
export interface Stop {
  readonly before: readonly Step[];
  /** Undefined where there are neither nodes nor states. */
  readonly step: Step | undefined;
}

/** The stops of a walk, and what comes after the last. */
export function stopsOf({ steps }: Walk): { stops: Stop[]; after: readonly Step[] } {
  const stops: Stop[] = [];
  let before: Step[] = [];
  for (const step of steps) {
    if (step.node.speaks) {
      stops.push({ before, step });
      before = [];
    } else {
      before.push(step);
    }
  }
  if (stops.length === 0) stops.push({ before: [], step: undefined });
  return { stops, after: before };
}

/** Something that the user brings up because of a metric. */
export interface Exchange {
  /** The metric's index. */
  readonly index: number;
  readonly planned: PlannedMetric;
  /** The stop at which it is brought up. */
  readonly stop: number;
  /** Tools that the agent calls because of it, while it talks. */
  readonly calls: readonly EngineTool[];
  /** What alone is brought up here, where a metric asks for tools of several stops. */
  readonly part: EngineTool | undefined;
  /**
   * `talk`: it is answered in words or by calls; `onward`: by what happens on the way to the next
   * stop; `last`: by what ends the conversation.
   */
  readonly kind: 'talk' | 'onward' | 'last';
}

/** Where a tool can be called in a conversation. */
type Spots = ReadonlyMap<string, Spot>;

interface Spot {
  readonly tool: EngineTool;
  /** The first stop at which it can be called; or, of a node's own tool, the one before it. */
  readonly stop: number;
  readonly isOwn: boolean;
}

export function spotsOf(found: Walk, generalTools: readonly EngineTool[]): Spots {
  const { stops, after } = stopsOf(found);
  const spots = new Map<string, Spot>();
  const add = (tool: EngineTool, stop: number, isOwn: boolean): void => {
    if (!spots.has(tool.name)) spots.set(tool.name, { tool, stop: Math.max(stop, 0), isOwn });
  };
  for (const [index, { before, step }] of stops.entries()) {
    for (const { call } of before) if (call !== undefined) add(call.tool, index - 1, true);
    for (const tool of step?.node.tools ?? []) add(tool, index, false);
  }
  for (const { call } of after) if (call !== undefined) add(call.tool, stops.length - 1, true);
  // States have general tools, too; a tool of their own goes first.
  const first = Math.min(1, stops.length - 1);
  for (const tool of generalTools) add(tool, first, false);
  return spots;
}

/** For each metric what is to be talked about, and where; nothing if an earlier one had it. */
export function planExchanges(
  { metrics, failing, forbidden }: VerdictPlan,
  spots: Spots,
  stopCount: number,
): Exchange[] {
  const called = new Set<string>();
  return metrics.flatMap((planned, index): Exchange[] => {
    const targets = targetsOf(planned, failing).filter(({ name }) => !forbidden.has(name));
    const found = targets.flatMap(({ name }) => spots.get(name) ?? []);
    const stop = evenly(index, metrics.length, stopCount);
    const talk = { index, planned, calls: [], stop, part: undefined };
    if (found.length === 0) return [{ ...talk, kind: 'talk' }];
    const fresh = found.filter(({ tool }) => !called.has(tool.name));
    for (const { tool } of fresh) called.add(tool.name);
    const inTalk = fresh.filter(({ tool, isOwn }) => !isOwn && !endsConversation(tool));
    const stops = new Set(inTalk.map((spot) => spot.stop));
    if (stops.size > 0) {
      return Array.from(stops, (stop): Exchange => {
        const calls = inTalk.filter((spot) => spot.stop === stop).map(({ tool }) => tool);
        return { ...talk, stop, calls, kind: 'talk', part: stops.size > 1 ? calls[0] : undefined };
      });
    }
    const [first] = fresh;
    if (first === undefined) return [];
    const kind = endsConversation(first.tool) ? 'last' : 'onward';
    return [{ ...talk, stop: first.stop, kind }];
  });
}

/** The tools by whose calls it is found whether a metric is met. */
const targetsOf = (
  { demands, met }: PlannedMetric,
  failing: ReadonlySet<string>,
): readonly EngineTool[] => {
  if (met) return demands.asked;
  if (demands.asked.length > 0) return demands.asked.filter(({ name }) => failing.has(name));
  return demands.forbidden.slice(0, 1);
};

/** From the second stop on: at the first the user says what the matter is. */
const evenly = (index: number, count: number, stops: number): number =>
  stops === 1 ? 0 : 1 + Math.floor((index * (stops - 1)) / count);
