import type { EngineTool, ResponseVariable } from '../../domain/engines/engine-tool.js';
import type { JsonObject } from '../../domain/json.js';
import type { ToolArguments } from '../../domain/testing/tool-mock.js';
import { textValue, type ValueSource } from './schema-value.js';

/** The most characters of a result to read. Documented: a mock's output has no more. */
const maxResultLength = 15_000;

/** The result of a call. */
export interface ToolResult {
  readonly content: string;
  readonly successful: boolean;
}

/** The most names and indexes of one path. */
const maxPathParts = 20;

/**
 * The dynamic variables that a call sets: what it extracted, or the values that
 * `response_variables` takes from a successful result.
 */
export function variablesOf(
  tool: EngineTool,
  args: ToolArguments,
  result: ToolResult | undefined,
): Readonly<Record<string, unknown>> {
  if (tool.type === 'extract_dynamic_variable') return args;
  const { responseVariables: wanted } = tool;
  if (wanted.length === 0 || result?.successful !== true) return {};
  const body = parsed(result.content);
  return Object.fromEntries(
    wanted.flatMap(({ name, path }) => {
      const value = valueAt(body, stepsOfPath(path));
      return value === undefined || value === null ? [] : [[name, value] as const];
    }),
  );
}

/** A result that has a value for each of these variables: the emulator does not run code. */
export function resultWith(
  wanted: readonly ResponseVariable[],
  source: ValueSource,
): JsonObject | undefined {
  if (wanted.length === 0) return undefined;
  const result: JsonObject = {};
  for (const { name, path } of wanted) put(result, stepsOfPath(path), textValue(name, source));
  return result;
}

function parsed(content: string): unknown {
  if (content.length > maxResultLength) return undefined;
  try {
    return JSON.parse(content);
  } catch {
    return undefined;
  }
}

/** `$.data.items[0]["first name"]` → `data`, `items`, `0`, `first name`. */
const stepsOfPath = (path: string): string[] =>
  Array.from(
    path
      .slice(0, 500)
      .replace(/^\$/, '')
      .matchAll(/\[\s*["']?([^\]"']*)["']?\s*\]|([^.[\]]+)/g),
    ([, inBrackets, plain]) => inBrackets ?? plain ?? '',
  ).slice(0, maxPathParts);

function valueAt(body: unknown, steps: readonly string[]): unknown {
  let found = body;
  for (const step of steps) {
    if (typeof found !== 'object' || found === null || !Object.hasOwn(found, step))
      return undefined;
    found = (found as JsonObject)[step];
  }
  return found;
}

/** Sets the value at a path, and creates the objects on the way to it. */
function put(object: JsonObject, steps: readonly string[], value: unknown): void {
  let within = object;
  for (const step of steps.slice(0, -1)) {
    const next = Object.hasOwn(within, step) ? within[step] : undefined;
    const child = typeof next === 'object' && next !== null ? (next as JsonObject) : {};
    define(within, step, child);
    within = child;
  }
  const last = steps.at(-1);
  if (last !== undefined && !Object.hasOwn(within, last)) define(within, last, value);
}

/** Unlike an assignment, this does not set the prototype for the name `__proto__`. */
const define = (object: JsonObject, name: string, value: unknown): void => {
  Object.defineProperty(object, name, {
    ...{ value, enumerable: true, configurable: true, writable: true },
  });
};
