import { endsConversation, type EngineTool } from '../../domain/engines/engine-tool.js';
import type { PlannedMetric, VerdictPlan } from './verdict-plan.js';
import type { Step, Walk } from './walk.js';

/** A step in which user and agent speak, with the silent steps before it. */
export interface Stop {
  readonly before: readonly Step[];
  /** Undefined where there are neither nodes nor states. */
  readonly step: Step | undefined;
}

/** The stops of a walk, and the silent steps after the last stop. */
export function stopsOf({ steps, speaksLast }: Walk): { stops: Stop[]; after: readonly Step[] } {
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
  if (stops.length > 0) return { stops, after: before };
  return speaksLast === true
    ? { stops: [{ before, step: undefined }], after: [] }
    : { stops: [{ before: [], step: undefined }], after: before };
}

/** What user and agent say because of a metric. */
export interface Exchange {
  /** The metric's index. */
  readonly index: number;
  readonly planned: PlannedMetric;
  /** The stop at which the user asks. */
  readonly stop: number;
  /** Tools that the agent calls before it answers. */
  readonly calls: readonly EngineTool[];
  /** The tool that this exchange is about, if the metric asks for tools of several stops. */
  readonly part: EngineTool | undefined;
  /**
   * `talk`: the agent answers in words or by calls; `onward`: the silent steps to the next stop are
   * the answer; `last`: the call that ends the conversation is.
   */
  readonly kind: 'talk' | 'onward' | 'last';
}

/** By the name of a tool: where the conversation can call it. */
type CallSites = ReadonlyMap<string, CallSite>;

interface CallSite {
  readonly tool: EngineTool;
  /** The first stop at which it can be called; for the own tool of a node, the stop before that node. */
  readonly stop: number;
  readonly isOwn: boolean;
}

export function callSitesOf(found: Walk, generalTools: readonly EngineTool[]): CallSites {
  const { stops, after } = stopsOf(found);
  const sites = new Map<string, CallSite>();
  const add = (tool: EngineTool, stop: number, isOwn: boolean): void => {
    if (!sites.has(tool.name)) sites.set(tool.name, { tool, stop: Math.max(stop, 0), isOwn });
  };
  for (const [index, { before, step }] of stops.entries()) {
    for (const { call } of before) if (call !== undefined) add(call.tool, index - 1, true);
    for (const tool of step?.node.tools ?? []) add(tool, index, false);
  }
  for (const { call } of after) if (call !== undefined) add(call.tool, stops.length - 1, true);
  // A tool of a state hides a general tool of the same name.
  const first = Math.min(1, stops.length - 1);
  for (const tool of generalTools) add(tool, first, false);
  return sites;
}

/** The exchanges about each metric; none if those of an earlier metric call the same tools. */
export function planExchanges(
  { metrics, failing, forbidden }: VerdictPlan,
  sites: CallSites,
  stops: readonly Stop[],
): Exchange[] {
  // A node that skips the response gives the user no turn to ask.
  const open = [...stops.keys()].filter((at) => stops[at]?.step?.skips !== true);
  const called = new Set<string>();
  return metrics.flatMap((planned, index): Exchange[] => {
    const targets = targetsOf(planned, failing).filter(({ name }) => !forbidden.has(name));
    const found = targets.flatMap(({ name }) => sites.get(name) ?? []);
    const stop = open[evenly(index, metrics.length, open.length)] ?? stops.length - 1;
    const talk = { index, planned, calls: [], stop, part: undefined };
    if (found.length === 0) return [{ ...talk, kind: 'talk' }];
    const fresh = found.filter(({ tool }) => !called.has(tool.name));
    for (const { tool } of fresh) called.add(tool.name);
    const inTalk = fresh.filter(({ tool, isOwn }) => !isOwn && !endsConversation(tool));
    const talkStops = new Set(inTalk.map((site) => site.stop));
    if (talkStops.size > 0) {
      return Array.from(talkStops, (stop): Exchange => {
        const calls = inTalk.filter((site) => site.stop === stop).map(({ tool }) => tool);
        return {
          ...talk,
          stop,
          calls,
          kind: 'talk',
          part: talkStops.size > 1 ? calls[0] : undefined,
        };
      });
    }
    const [first] = fresh;
    if (first === undefined) return [];
    const kind = endsConversation(first.tool) ? 'last' : 'onward';
    return [{ ...talk, stop: first.stop, kind }];
  });
}

/** The tools whose calls decide whether a metric is met. */
const targetsOf = (
  { demands, met }: PlannedMetric,
  failing: ReadonlySet<string>,
): readonly EngineTool[] => {
  if (met) return demands.asked;
  if (demands.asked.length > 0) return demands.asked.filter(({ name }) => failing.has(name));
  return demands.forbidden.slice(0, 1);
};

/** From the second stop on: at the first one the user says what the call is about. */
const evenly = (index: number, count: number, stops: number): number =>
  stops === 1 ? 0 : 1 + Math.floor((index * (stops - 1)) / count);
