import type { Outcome } from '../../domain/testing/batch-test.js';
import type { Engine } from '../../domain/engines/engine.js';
import { endsConversation, type EngineTool } from '../../domain/engines/engine-tool.js';
import type { Ending } from '../../domain/testing/forced-outcome.js';
import type { TestCaseContent } from '../../domain/testing/test-case.js';
import type { Draw } from '../../random.js';
import { endEarly } from './end-early.js';
import type { Conversation, Entry, MadeCall, NodeRef, Verdict } from './entry.js';
import { callSitesOf } from './exchange.js';
import { globalNodesFor } from './global-nodes.js';
import { findPaths } from './paths.js';
import type { GenerateValue } from './schema-value.js';
import { contextOf, type ConversationContext } from './context.js';
import { substitute } from './text.js';
import { requestedTools } from './requested-tools.js';
import { Dialogue } from './dialogue.js';
import type { FunctionResults } from './function-calls.js';
import { toolCaller } from './tool-call.js';
import { planVerdicts, adjustedTo, type PlannedMetric, type VerdictPlan } from './verdict-plan.js';
import { maxChecks, walk, type Walk, type WalkPlan } from './walk.js';
import { maxTextLength, stemsOf } from './words.js';

/** What a run's conversation depends on. */
export interface RunInput {
  /** Its variables include the defaults of the engine. */
  readonly content: TestCaseContent;
  /** Undefined if the emulator does not have it. */
  readonly engine: Engine | undefined;
  readonly outcome: Outcome;
  /** What ends it early; undefined if it comes to its end. */
  readonly ending: Ending | undefined;
  /**
   * What custom functions gave back, in a conversation that goes on with their real results. Nothing is
   * planned in it that depends on a result which has not come: it has no metrics.
   */
  readonly functions?: FunctionResults | undefined;
  /** A tool that the user asks for besides those that the prompt names. */
  readonly wanted?: EngineTool | undefined;
  readonly generate: GenerateValue;
  readonly draw: Draw;
}

/** Simulates the conversation of a run. The same input gives the same conversation. */
export function simulateConversation(input: RunInput): Conversation {
  const { content, outcome, ending, draw, functions } = input;
  if (ending === 'agent-model') {
    const variables = new Map<string, unknown>(Object.entries(content.dynamic_variables));
    return {
      ...{ entries: [], verdicts: [], othersMet: 0, cause: { kind: ending } },
      ...{ node: undefined, variables, calls: [] },
    };
  }
  const context = contextOf(input);
  const passes = outcome !== 'fail' || ending !== undefined;
  const plan =
    functions === undefined
      ? planVerdicts(content.metrics, passes, context.index, canFailIn(context), draw)
      : withoutVerdicts;
  const failingTool = ending === 'tool' ? toolToFail(context, plan) : undefined;
  const dialogue = simulateDialogue(
    context,
    failingTool === undefined ? plan : withDemandedTool(plan, failingTool),
    failingTool,
    input,
  );
  const { entries } = dialogue.writer;
  if (ending === undefined) {
    const verdicts = dialogue.plan.metrics.map((planned, index) => judge(planned, index, dialogue));
    const { others } = dialogue.plan;
    const { calls } = dialogue;
    const state = stateAt(context, entries, calls);
    return { entries, verdicts, othersMet: others, cause: undefined, calls, ...state };
  }
  const early = endEarly(ending, dialogue, context, failingTool);
  const kept = dialogue.calls.filter(({ at }) => at < early.kept);
  const state = stateAt(context, early.entries, kept);
  const { entries: said, cause } = early;
  return { entries: said, cause, verdicts: [], othersMet: 0, calls: kept, ...state };
}

/** The plan of a conversation that nobody judges. */
const withoutVerdicts: VerdictPlan = {
  ...{ metrics: [], others: 0 },
  ...{ demanded: new Set<string>(), forbidden: new Set<string>(), failing: new Set<string>() },
};

/** Whether a call of a tool can fail: a mock says so, or no mock applies and there is no real tool. */
const canFailIn =
  ({ call }: ConversationContext) =>
  (tool: EngineTool): boolean =>
    call(tool, 'failure').result?.successful === false;

/** The tool whose call is to end the run with an error: one without a mock if possible. */
function toolToFail({ index, call }: ConversationContext, { forbidden }: VerdictPlan) {
  const callable = index.all.filter(
    ({ tool }) => tool.type !== 'end_call' && !forbidden.has(tool.name),
  );
  const unmocked = callable.find(({ tool }) => call(tool).mock === undefined);
  return (unmocked ?? callable[0])?.tool;
}

const withDemandedTool = (plan: VerdictPlan, { name }: EngineTool): VerdictPlan => ({
  ...plan,
  demanded: new Set([...plan.demanded, name]),
});

/** How many walks are tried to find one that reaches every demanded tool. */
const maxWalks = 6;

/** How many demanded tools a walk checks for. */
const maxGoals = 30;

function simulateDialogue(
  context: ConversationContext,
  plan: VerdictPlan,
  failingTool: EngineTool | undefined,
  { functions, wanted: ownWish }: Pick<RunInput, 'functions' | 'wanted'>,
): Dialogue {
  const { engine, index } = context;
  const prompt = filledPrompt(context);
  const requested = requestedTools(prompt, index);
  const isRequested = requested.some(({ name }) => name === ownWish?.name);
  const wanted = [
    ...(failingTool === undefined ? [] : [failingTool]),
    ...(ownWish === undefined || isRequested ? [] : [ownWish]),
    ...requested,
  ];
  const paths = findPaths(engine, plan.forbidden);
  const goals = [...plan.demanded, ...(ownWish === undefined ? [] : [ownWish.name])]
    .filter((name) => paths.isCalled(name))
    .slice(0, maxGoals);
  const toolsInTalk = new Set([...plan.demanded, ...wanted.map(({ name }) => name)]);
  for (const name of plan.forbidden) toolsInTalk.delete(name);
  const globals = globalNodesFor(engine, prompt);
  const search = { goals, paths, intent: new Set(stemsOf(prompt)), globals, inTalk: toolsInTalk };
  let best: Walk = { steps: [], ended: false, blocked: false, checks: 0 };
  let most = -1;
  let checks = 0;
  // Another attempt would change what was said before a result came.
  const attempts = functions === undefined ? maxWalks : 1;
  for (
    let attempt = 0;
    attempt < attempts && most < goals.length && checks < maxChecks;
    attempt += 1
  ) {
    const found = walkOnce(context, plan, { ...search, attempt });
    checks += found.checks;
    const reached = reachedOf(found, goals);
    if (reached > most) [best, most] = [found, reached];
  }
  // A result that has not come may lead to a step in which somebody speaks.
  const route = { ...withoutDeadEnd(best, plan.demanded), speaksLast: functions !== undefined };
  const sites = callSitesOf(route, engine.generalTools);
  const dialogue = new Dialogue(
    context,
    adjustedTo(plan, (name) => sites.has(name)),
    route,
    wanted,
  );
  dialogue.run();
  return dialogue;
}

/** Leaves out the last silent steps of a blocked walk, except those that a metric demands. */
function withoutDeadEnd(found: Walk, demanded: ReadonlySet<string>): Walk {
  if (!found.blocked) return found;
  const last = found.steps.findLastIndex(
    ({ node, call }) => node.speaks || (call !== undefined && demanded.has(call.tool.name)),
  );
  return { ...found, steps: found.steps.slice(0, last + 1) };
}

/** The user prompt with its variables filled in. */
const filledPrompt = ({
  content: { user_prompt, dynamic_variables },
}: ConversationContext): string =>
  substitute(user_prompt.slice(0, maxTextLength), (name) =>
    Object.hasOwn(dynamic_variables, name) ? dynamic_variables[name] : undefined,
  );

interface Search extends Pick<WalkPlan, 'goals' | 'paths' | 'intent' | 'globals'> {
  /** Names of tools that the agent will call while it talks. */
  readonly inTalk: ReadonlySet<string>;
  readonly attempt: number;
}

function walkOnce(
  context: ConversationContext,
  plan: VerdictPlan,
  { attempt, ...search }: Search,
): Walk {
  const { engine, values, mocks, draw } = context;
  // Other extracted values can lead along other edges.
  const drawAgain: Draw = (...key) => draw('attempt', attempt, ...key);
  const base = attempt === 0 ? context.call : toolCaller(mocks, { ...values, draw: drawAgain });
  const call = context.callerAt('node', base);
  const callInTalk = context.callerAt('talk');
  return walk({
    ...search,
    ...{ engine, from: engine.startId, leaves: false, stopsToSpeak: false },
    variables: new Map(context.variables),
    call: (tool) => call(tool, plan.failing.has(tool.name) ? 'failure' : 'success'),
    origin: undefined,
    callInTalk: (tool) =>
      search.inTalk.has(tool.name) && !endsConversation(tool)
        ? callInTalk(tool, plan.failing.has(tool.name) ? 'failure' : 'success')
        : undefined,
    draw: (step) => drawAgain('way', step),
  });
}

/** How many of these tools can be called on a walk. */
function reachedOf({ steps }: Walk, goals: readonly string[]): number {
  const names = new Set<string>();
  for (const { node, call } of steps) {
    if (call !== undefined) names.add(call.tool.name);
    for (const { name } of node.tools) names.add(name);
  }
  return goals.filter((name) => names.has(name)).length;
}

/** The verdict of the judge on one metric, from what happened in the dialogue. */
function judge(planned: PlannedMetric, index: number, dialogue: Dialogue): Verdict {
  const { failing } = dialogue.plan;
  const { metric, met, demands } = planned;
  const { asked, forbidden } = demands;
  const about = dialogue.about.get(index);
  const callsOf = (tools: readonly EngineTool[]): MadeCall[] =>
    tools.flatMap(({ name }) => dialogue.callsOf(name));
  const missing = met
    ? []
    : asked.filter((tool) => dialogue.callsOf(tool.name).length === 0).map(({ name }) => name);
  let deciding: MadeCall | undefined;
  if (met) deciding = lastCallIfAllCalled(callsOf(asked), asked, dialogue);
  else if (asked.length === 0) deciding = callsOf(forbidden)[0];
  else if (missing.length === 0) {
    deciding = callsOf(asked.filter(({ name }) => failing.has(name))).at(-1);
  }
  const spoken = about?.answeredAt ?? dialogue.writer.entries.findLastIndex(isSpokenByAgent);
  return {
    ...{ metric, met, missing },
    askedAt: about?.askedAt,
    decidedAt: deciding?.at ?? spoken,
    call: deciding?.call,
  };
}

/** The last of the calls, if each of the tools was called. */
const lastCallIfAllCalled = (
  calls: MadeCall[],
  tools: readonly EngineTool[],
  dialogue: Dialogue,
): MadeCall | undefined =>
  tools.every(({ name }) => dialogue.callsOf(name).length > 0)
    ? calls.toSorted((a, b) => a.at - b.at).at(-1)
    : undefined;

const isSpokenByAgent = ({ role }: Entry): boolean => role === 'agent';

/** The node and the variables of a conversation after some entries. */
function stateAt(
  { engine, variables }: ConversationContext,
  entries: readonly Entry[],
  calls: readonly MadeCall[],
): Pick<Conversation, 'node' | 'variables'> {
  const known = new Map(variables);
  let node: NodeRef | undefined =
    engine.type === 'retell-llm' ? engine.nodes.get(engine.startId ?? '') : undefined;
  for (const entry of entries) {
    if ('to' in entry) node = entry.to;
  }
  for (const { call } of calls) {
    for (const [name, value] of Object.entries(call.variables)) known.set(name, value);
  }
  return { node: node && { id: node.id, name: node.name }, variables: known };
}
