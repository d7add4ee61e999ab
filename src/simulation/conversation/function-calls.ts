import { isFunction } from '../../domain/calls/custom-function.js';
import type { EngineTool } from '../../domain/engines/engine-tool.js';
import { objectOf, type JsonObject } from '../../domain/json.js';
import type { ToolArguments } from '../../domain/testing/tool-mock.js';
import { variablesOf, type ToolResult } from './response-variables.js';
import { argumentsOf, type ValueSource } from './schema-value.js';
import type { CallTool, ToolCall } from './tool-call.js';

/** The results of custom functions that are known, by which call they are the result of. */
export type FunctionResults = ReadonlyMap<string, ToolResult>;

/** The custom functions of a conversation that were called before. */
export interface CalledFunctions {
  readonly results: FunctionResults;
  /** The last one of them, after whose result the conversation goes on; the beginning if undefined. */
  readonly last: string | undefined;
}

/** Where a tool is called: by a node of its own, or by the agent while it talks. */
export type CallSite = 'node' | 'talk';

/** The result of a function that was not called yet. What follows from it is not said before the real one is there. */
const assumed: ToolResult = { content: '{"status":"success"}', successful: true };

/**
 * Calls tools as `call` does, but custom functions have the results that are known of them. The n-th call of
 * a function at one kind of site is the same call each time, whatever the calls after it come to: so what is
 * said before a call does not depend on its result.
 */
export function functionCaller(call: CallTool, results: FunctionResults, site: CallSite): CallTool {
  const counts = new Map<string, number>();
  return (tool, wanted, before) => {
    const made = call(tool, wanted, before);
    if (!isFunction(tool) || made.mock !== undefined) return made;
    const count = counts.get(tool.name) ?? 0;
    counts.set(tool.name, count + 1);
    return withResult(made, `${site} ${tool.name} ${String(count)}`, results);
  };
}

function withResult(made: ToolCall, functionKey: string, results: FunctionResults): ToolCall {
  const { tool } = made;
  const args = withoutNulls(tool.parameters, made.arguments);
  const result = results.get(functionKey) ?? assumed;
  const variables = results.has(functionKey) ? variablesOf(tool, args, result) : {};
  return { ...made, arguments: args, result, variables, functionKey };
}

/** Arguments that the schema of the tool allows. */
export const functionArguments = (tool: EngineTool, source: ValueSource): ToolArguments =>
  withoutNulls(tool.parameters, argumentsOf(tool.parameters, source));

/** Observed: models write `null` for optional arguments. The schema of the tool does not allow that. */
function withoutNulls(schema: JsonObject | undefined, args: ToolArguments): ToolArguments {
  const required = schema?.['required'];
  const properties = objectOf(schema?.['properties']) ?? {};
  return Object.fromEntries(
    Object.entries(args).filter(
      ([name, value]) =>
        value !== null ||
        (Array.isArray(required) && required.includes(name)) ||
        allowsNull(properties[name]),
    ),
  );
}

function allowsNull(schema: unknown): boolean {
  const type = objectOf(schema)?.['type'];
  return type === 'null' || (Array.isArray(type) && type.includes('null'));
}

/** The custom functions of a conversation that have no result yet, by which call it is. */
export type FunctionCalls = ReadonlyMap<string, ToolCall>;

export const functionCallsOf = (calls: readonly { readonly call: ToolCall }[]): FunctionCalls =>
  new Map(
    calls.flatMap(({ call }) => (call.functionKey === undefined ? [] : [[call.functionKey, call]])),
  );
