import type { EngineTool } from '../../domain/engines/engine-tool.js';
import type { Draw } from '../../random.js';
import { parseMetric, type ParsedMetric } from './metric.js';
import { toolDemands, type ToolDemands } from './tool-demands.js';
import type { ToolIndex } from './tool-index.js';

/** A metric and its planned verdict. */
export interface PlannedMetric {
  readonly metric: string;
  readonly parsed: ParsedMetric;
  readonly demands: ToolDemands;
  readonly met: boolean;
}

/** What must and what must not happen in a conversation, so that its verdicts are true. */
export interface VerdictPlan {
  readonly metrics: readonly PlannedMetric[];
  /** How many more metrics there are. Nobody talks about them, and they are met. */
  readonly others: number;
  /** Names of tools that must be called. */
  readonly demanded: ReadonlySet<string>;
  /** Names of tools that must not be called. */
  readonly forbidden: ReadonlySet<string>;
  /** Names of tools of which no call may succeed. */
  readonly failing: ReadonlySet<string>;
}

/** The most metrics to talk about. A definition of megabytes may have any number of them. */
const maxMetrics = 100;

/** The metric of a definition that has none. */
const impliedMetric = 'The agent does what the user asks for';

/** @param canFail whether a call of the tool can fail. */
export function planVerdicts(
  given: readonly string[],
  passes: boolean,
  index: ToolIndex,
  canFail: (tool: EngineTool) => boolean,
  draw: Draw,
): VerdictPlan {
  const metrics = given.length > 0 ? given.slice(0, maxMetrics) : [impliedMetric];
  const demands = metrics.map((metric) => toolDemands(metric, index));
  const unmet = passes ? nothing : drawUnmet(demands, draw);
  const planned = metrics.map((metric, at) => ({
    metric,
    parsed: parseMetric(metric),
    demands: demands[at] ?? { asked: [], forbidden: [], conditional: false },
    met: !unmet.metrics.has(at),
  }));
  const others = Math.max(0, given.length - maxMetrics);
  return { metrics: planned, others, ...toolsOfPlan(demands, unmet, canFail) };
}

/** In a failing run one metric is not met, and sometimes more. */
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
  // Whether a tool is called or not is so for every metric about the tool.
  for (const [index, demand] of demands.entries()) {
    const isUnmet =
      demand.asked.some(({ name }) => asked.has(name)) ||
      demand.forbidden.some(({ name }) => forbidden.has(name));
    if (isUnmet) unmet.add(index);
  }
  return { metrics: unmet, asked, forbidden };
}

/**
 * The plan of a failing run, adjusted to the tools that its walk can call: a metric that asks for
 * another tool is not met; one that forbids another tool is met, if a different metric is not.
 */
export function adjustedTo(
  plan: VerdictPlan,
  isCallable: (toolName: string) => boolean,
): VerdictPlan {
  const isNeverCalled = ({ met, demands: { asked, forbidden } }: PlannedMetric): boolean => {
    const called = forbidden[0];
    return !met && asked.length === 0 && called !== undefined && !isCallable(called.name);
  };
  const isUncallable = ({ met, demands }: PlannedMetric): boolean =>
    met && demands.asked.some(({ name }) => !isCallable(name));
  const { metrics } = plan;
  if (metrics.every(({ met }) => met)) return plan;
  const staysUnmet = metrics.some(
    (planned) => isUncallable(planned) || (!planned.met && !isNeverCalled(planned)),
  );
  return {
    ...plan,
    metrics: metrics.map((planned) => ({
      ...planned,
      met: planned.met ? !isUncallable(planned) : staysUnmet && isNeverCalled(planned),
    })),
  };
}

/** The metrics that a run does not meet. */
interface Unmet {
  /** Indexes. */
  readonly metrics: ReadonlySet<number>;
  /** Names of tools that a metric asks for, and that must not succeed. */
  readonly asked: ReadonlySet<string>;
  /** Names of tools that a metric forbids, and that must be called. */
  readonly forbidden: ReadonlySet<string>;
}

const nothing: Unmet = { metrics: new Set(), asked: new Set(), forbidden: new Set() };

/**
 * Which tools must, must not and must fail to be called. If some metrics ask for a tool and others
 * forbid it, it is forbidden, unless they forbid it under a condition only.
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
  // The tools that make the run fail come first.
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
