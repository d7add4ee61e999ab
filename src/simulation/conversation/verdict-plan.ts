import type { EngineTool } from '../../domain/engine-tool.js';
import type { Draw } from '../../random.js';
import { parseMetric, type ParsedMetric } from './metric.js';
import { toolDemands, type ToolDemands } from './tool-demands.js';
import type { ToolIndex } from './tool-index.js';

/** A metric with what is to be found of it. */
export interface PlannedMetric {
  readonly metric: string;
  readonly parsed: ParsedMetric;
  readonly demands: ToolDemands;
  readonly met: boolean;
}

/** What may and what must happen in a conversation, so that it fits what is found of its metrics. */
export interface VerdictPlan {
  readonly metrics: readonly PlannedMetric[];
  /** How many more metrics there are, which nothing is said about: they are met. */
  readonly others: number;
  /** Names of tools that must be called. */
  readonly demanded: ReadonlySet<string>;
  /** Names of tools that must not be called. */
  readonly forbidden: ReadonlySet<string>;
  /** Names of tools of which no call may succeed. */
  readonly failing: ReadonlySet<string>;
}

/** Metrics that are talked about. A definition of megabytes may have any number of them. */
const mostMetrics = 100;

/** What a run is judged by when its definition has no metrics. */
const impliedMetric = 'The agent does what the user asks for';

/** @param canFail whether a call of the tool fails if that is wanted. */
export function planVerdicts(
  given: readonly string[],
  passes: boolean,
  index: ToolIndex,
  canFail: (tool: EngineTool) => boolean,
  draw: Draw,
): VerdictPlan {
  const metrics = given.length > 0 ? given.slice(0, mostMetrics) : [impliedMetric];
  const demands = metrics.map((metric) => toolDemands(metric, index));
  const unmet = passes ? nothing : drawUnmet(demands, draw);
  const planned = metrics.map((metric, at) => ({
    metric,
    parsed: parseMetric(metric),
    demands: demands[at] ?? { asked: [], forbidden: [], conditional: false },
    met: !unmet.metrics.has(at),
  }));
  const others = Math.max(0, given.length - mostMetrics);
  return { metrics: planned, others, ...toolsOfPlan(demands, unmet, canFail) };
}

/** At least one metric is not met in a run that fails, and now and then a few more. */
function drawUnmet(demands: readonly ToolDemands[], draw: Draw): Unmet {
  const unmet = new Set([Math.floor(draw('unmet') * demands.length)]);
  for (const index of demands.keys()) if (draw('also unmet', index) < 0.2) unmet.add(index);
  const asked = new Set<string>();
  const forbidden = new Set<string>();
  for (const at of unmet) {
    const missing = demands[at]?.asked.at(-1);
    const called = demands[at]?.forbidden[0];
    if (missing !== undefined) asked.add(missing.name);
    else if (called !== undefined) forbidden.add(called.name);
  }
  // What is not called, or is, is so for all metrics that speak of it.
  for (const [index, demand] of demands.entries()) {
    const isUnmet =
      demand.asked.some(({ name }) => asked.has(name)) ||
      demand.forbidden.some(({ name }) => forbidden.has(name));
    if (isUnmet) unmet.add(index);
  }
  return { metrics: unmet, asked, forbidden };
}

/**
 * The plan of a run that fails, true to the tools that can be called on its way: what asks for
 * another is not met; what forbids another is, if something else is not.
 */
export function settled(plan: VerdictPlan, isCallable: (toolName: string) => boolean): VerdictPlan {
  const isIdle = ({ met, demands: { asked, forbidden } }: PlannedMetric): boolean => {
    const called = forbidden[0];
    return !met && asked.length === 0 && called !== undefined && !isCallable(called.name);
  };
  const uncalled = ({ met, demands }: PlannedMetric): boolean =>
    met && demands.asked.some(({ name }) => !isCallable(name));
  const { metrics } = plan;
  if (metrics.every(({ met }) => met)) return plan;
  const staysUnmet = metrics.some(
    (planned) => uncalled(planned) || (!planned.met && !isIdle(planned)),
  );
  return {
    ...plan,
    metrics: metrics.map((planned) => ({
      ...planned,
      met: planned.met ? !uncalled(planned) : staysUnmet && isIdle(planned),
    })),
  };
}

/** What is not met in a run. */
interface Unmet {
  /** Indexes. */
  readonly metrics: ReadonlySet<number>;
  /** Names of tools that are asked for in vain. */
  readonly asked: ReadonlySet<string>;
  /** Names of tools that are called though that is forbidden. */
  readonly forbidden: ReadonlySet<string>;
}

const nothing: Unmet = { metrics: new Set(), asked: new Set(), forbidden: new Set() };

/**
 * What is forbidden and what is asked for of each tool. Of one that some metrics ask for and others
 * forbid, the others count, unless they forbid it under a condition only.
 */
function toolsOfPlan(
  demands: readonly ToolDemands[],
  unmet: Unmet,
  canFail: (tool: EngineTool) => boolean,
): Omit<VerdictPlan, 'metrics' | 'others'> {
  const asked = new Map(
    demands.flatMap((demand) => demand.asked.map((tool) => [tool.name, tool] as const)),
  );
  const failing = new Set([...unmet.asked].filter((name) => isFailing(asked.get(name), canFail)));
  // What makes a run fail comes first.
  const demanded = new Set([...unmet.forbidden, ...asked.keys()]);
  const forbidden = new Set([...unmet.asked].filter((name) => !failing.has(name)));
  for (const demand of demands) {
    for (const { name } of demand.forbidden) {
      if (unmet.forbidden.has(name) || (demand.conditional && asked.has(name))) continue;
      forbidden.add(name);
    }
  }
  for (const name of forbidden) demanded.delete(name);
  return { demanded, forbidden, failing };
}

const isFailing = (tool: EngineTool | undefined, canFail: (tool: EngineTool) => boolean) =>
  tool !== undefined && canFail(tool);
