import type { EngineTool } from '../engines/engine-tool.js';
import { objectOf, textOf, type JsonObject } from '../json.js';

/** The methods of requests for custom functions. */
export const functionMethods = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE'] as const;
export type FunctionMethod = (typeof functionMethods)[number];

/** A request that asks the client's own code for the result of a custom function. */
export interface FunctionRequest {
  readonly method: FunctionMethod;
  readonly url: string;
  /** Those of the tool. The request has others besides. */
  readonly headers: Readonly<Record<string, string>>;
  /** JSON; empty for a request without a body. */
  readonly body: string;
  /** Milliseconds that one attempt may take. */
  readonly timeout: number;
  /** How often it is tried again. */
  readonly retries: number;
}

/** True for a tool whose URL is requested when an agent calls it. */
export const isFunction = ({ type, url }: Pick<EngineTool, 'type' | 'url'>): boolean =>
  type === 'custom' && url !== undefined;

/** Documented (SDK types): two minutes unless the tool says otherwise, and no retry. */
const defaultTimeout = 120_000;

/** The most headers, and query parameters, of one request. */
const maxNamed = 100;

/** Longest URL and longest header that is sent. */
const maxUrlLength = 8192;

/** Headers that say where the body ends, or that belong to the connection. */
const framing: readonly string[] = [
  ...['connection', 'content-length', 'expect', 'keep-alive', 'te', 'trailer'],
  ...['transfer-encoding', 'upgrade', 'proxy-connection', 'x-retell-signature'],
];

/** What a request is filled in with. */
export interface FunctionCall {
  readonly tool: EngineTool;
  readonly arguments: JsonObject;
  /** The dynamic variables at this moment. */
  readonly variables: Readonly<Record<string, string>>;
  /** The call as its client sees it, with what was said until now. */
  readonly call: object;
}

/**
 * The request for a custom function. Documented: variables are filled into URL, headers, query and constant
 * arguments. GET and DELETE have no body; the others have the arguments, with the name and the call around
 * them unless `args_at_root` is set.
 */
export function functionRequest({
  tool,
  arguments: args,
  variables,
  call,
}: FunctionCall): FunctionRequest {
  const { settings, name } = tool;
  const fill = (text: string): string => fillVariables(text, variables);
  const method = methodOf(settings['method']);
  const { timeout_ms: timeout, max_retry: retries } = settings;
  return {
    method,
    url: withQuery(fill(tool.url ?? ''), namedTexts(settings['query_params']), fill),
    headers: Object.fromEntries(
      namedTexts(settings['headers'])
        .filter(([header]) => !framing.includes(header.toLowerCase()))
        .map(([header, value]) => [header, fill(value).slice(0, maxUrlLength)]),
    ),
    body:
      method === 'GET' || method === 'DELETE'
        ? ''
        : JSON.stringify(settings['args_at_root'] === true ? args : { name, call, args }),
    timeout: typeof timeout === 'number' && timeout > 0 ? timeout : defaultTimeout,
    retries: typeof retries === 'number' ? retries : 0,
  };
}

const methodOf = (value: unknown): FunctionMethod =>
  functionMethods.find((method) => method === textOf(value)?.toUpperCase()) ?? 'POST';

const namedTexts = (value: unknown): [string, string][] =>
  Object.entries(objectOf(value) ?? {})
    .slice(0, maxNamed)
    .flatMap(([name, text]) => (typeof text === 'string' ? [[name, text]] : []));

/** A text with the values of the variables that are known; others stay as they are written. */
function fillVariables(text: string, variables: Readonly<Record<string, string>>): string {
  let room = maxUrlLength;
  return text
    .slice(0, maxUrlLength)
    .replaceAll(/\{\{\s*([\w.-]+)\s*\}\}/g, (whole, name: string) => {
      const known = Object.hasOwn(variables, name) ? variables[name] : undefined;
      const value = (known ?? whole).slice(0, room);
      room -= value.length;
      return value;
    });
}

function withQuery(
  text: string,
  parameters: readonly (readonly [string, string])[],
  fill: (text: string) => string,
): string {
  if (parameters.length === 0 || !URL.canParse(text)) return text.slice(0, maxUrlLength);
  const url = new URL(text);
  for (const [name, value] of parameters) url.searchParams.append(name, fill(value));
  return url.href.slice(0, maxUrlLength);
}

/** Arguments in which constants of the schema have the values of variables. */
export function filledConstants(
  schema: JsonObject | undefined,
  args: JsonObject,
  variables: Readonly<Record<string, string>>,
): JsonObject {
  const properties = objectOf(schema?.['properties']) ?? {};
  return Object.fromEntries(
    Object.entries(args).map(([name, value]) => {
      const constant = objectOf(properties[name])?.['const'];
      const isFilled = typeof constant === 'string' && value === constant;
      return [name, isFilled ? fillVariables(constant, variables) : value];
    }),
  );
}

/** Documented: the most characters of a result that the agent gets. */
export const maxResultLength = 15_000;

/** The beginning of an answer that the agent gets: no half of a character at its end. */
export function resultText(answer: string): string {
  if (answer.length <= maxResultLength) return answer;
  const cut = answer.slice(0, maxResultLength);
  return cut.isWellFormed() ? cut : cut.slice(0, -1);
}
