import {
  maxTools,
  placeholderFlow,
  placeholderLlm,
  type Engine,
} from '../../domain/engines/engine.js';
import { builtInTools, toolNamed, type EngineTool } from '../../domain/engines/engine-tool.js';
import type { TestCaseContent } from '../../domain/testing/test-case.js';
import type { Draw } from '../../random.js';
import { findFacts } from './facts.js';
import { functionCaller, type CallSite, type FunctionResults } from './function-calls.js';
import { Effort } from './schema-effort.js';
import type { GenerateValue, ValueSource } from './schema-value.js';
import { mocksByTool, toolCaller, type CallTool, type MocksByTool } from './tool-call.js';
import { indexTools, type ToolIndex } from './tool-index.js';

/** What the simulation of a conversation reads. */
export interface ConversationContext {
  readonly engine: Engine;
  readonly content: TestCaseContent;
  /** The tools that some node, or the agent anywhere, can call. */
  readonly index: ToolIndex;
  readonly variables: ReadonlyMap<string, unknown>;
  readonly values: ValueSource;
  readonly mocks: MocksByTool;
  readonly call: CallTool;
  /** Calls tools one after the other, at one kind of site. Custom functions have their results. */
  readonly callerAt: (site: CallSite, call?: CallTool) => CallTool;
  readonly draw: Draw;
}

interface ContextInput {
  readonly content: TestCaseContent;
  /** Undefined if the emulator does not have it. */
  readonly engine: Engine | undefined;
  readonly generate: GenerateValue;
  readonly draw: Draw;
  readonly functions?: FunctionResults | undefined;
}

export function contextOf({
  content,
  engine: known,
  generate,
  draw,
  functions,
}: ContextInput): ConversationContext {
  const engine = known ?? assumedEngine(content);
  const variables = new Map<string, unknown>(Object.entries(content.dynamic_variables));
  const facts = findFacts(content.user_prompt, content.dynamic_variables, draw);
  const values = { facts, generate, draw, effort: new Effort() };
  const mocks = mocksByTool(content.tool_mocks);
  const call = toolCaller(mocks, values);
  return {
    ...{ engine, content, variables, draw },
    index: indexOf(engine),
    ...{ values, mocks, call },
    callerAt: (site, base = call) =>
      functions === undefined ? base : functionCaller(base, functions, site),
  };
}

/** A page of runs has one engine object, which is indexed once. */
const indexes = new WeakMap<Engine, ToolIndex>();

function indexOf(engine: Engine): ToolIndex {
  const known = indexes.get(engine);
  if (known !== undefined) return known;
  const index = indexTools(callableTools(engine));
  indexes.set(engine, index);
  return index;
}

/** Without the tools of a flow that none of its nodes calls. */
function callableTools({ generalTools, nodes }: Engine): EngineTool[] {
  const tools = [...generalTools];
  for (const { ownTool, tools: local } of nodes.values()) {
    if (ownTool !== undefined) tools.push(ownTool);
    tools.push(...local);
  }
  return tools;
}

/** How many texts are searched for names of tools. */
const maxTexts = 100;

/** How many names of one text are read. */
const maxNames = 10;

/** Stands for an engine that the emulator does not have: its tools are those that mocks and metrics name. */
function assumedEngine(content: TestCaseContent): Engine {
  const names = new Set(content.tool_mocks.map(({ tool_name }) => tool_name));
  for (const metric of content.metrics.slice(0, maxTexts)) {
    const found = metric.slice(0, 1000).match(/\b[a-z][a-z\d]*(?:_[a-z\d]+)+\b/gi) ?? [];
    for (const name of found.slice(0, maxNames)) {
      if (builtInTools.includes(name) || saidToBeTool(metric, name)) names.add(name);
    }
  }
  const tools = [...names].slice(0, maxTools).map(toolNamed);
  return content.response_engine.type === 'conversation-flow'
    ? placeholderFlow(tools)
    : placeholderLlm(tools);
}

const saidToBeTool = (metric: string, name: string): boolean =>
  new RegExp(
    `\\b(?:call|calls|called|calling|invokes?|uses?|triggers?|tool|function)\\s+["'\`]?${name}\\b|\\b${name}["'\`]?\\s+(?:tool|function|is called|was called)\\b`,
    'i',
  ).test(metric.slice(0, 1000));
