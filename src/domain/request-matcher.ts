import { isDeepStrictEqual } from 'node:util';
import type { components } from '../contract/control.gen.js';
import { matchesGlob } from './glob.js';

/** What a request has to be like. Everything that is given must fit. */
export type RequestMatcher = components['schemas']['RequestMatcher'];

/** What a matcher looks at. */
export interface MatchedRequest {
  readonly operation: string | undefined;
  readonly path: string;
  readonly status: number | undefined;
  readonly body: unknown;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
}

/** In what a request differs from what a matcher asks for; empty if it fits. */
export function mismatches(matcher: RequestMatcher, request: MatchedRequest): string[] {
  const { operation = request.operation, path, status = request.status, body } = matcher;
  const differs = (what: string, is: unknown, should: unknown) =>
    `${what} is ${show(is)}, not ${show(should)}`;
  return [
    ...(operation === request.operation
      ? []
      : [differs('operation', request.operation, operation)]),
    ...(path === undefined || matchesGlob(path, request.path)
      ? []
      : [differs('path', request.path, path)]),
    ...(status === request.status ? [] : [differs('status', request.status, status)]),
    ...Object.entries(matcher.headers ?? {}).flatMap(([name, should]) => {
      const is = request.headers[name.toLowerCase()];
      return is === should ? [] : [differs(`header ${name}`, is, should)];
    }),
    ...(body === undefined ? [] : bodyMismatches('body', request.body, body)),
  ];
}

/** Objects may have more properties than asked for; arrays are as long as asked for. */
function bodyMismatches(place: string, is: unknown, should: unknown): string[] {
  const isList = Array.isArray(should);
  if (!isObject(should) || !isObject(is) || Array.isArray(is) !== isList) {
    return isDeepStrictEqual(is, should) ? [] : [`${place} is ${show(is)}, not ${show(should)}`];
  }
  if (isList && Object.keys(is).length !== should.length) {
    return [`${place} is ${show(is)}, not ${show(should)}`];
  }
  return Object.entries(should).flatMap(([name, value]) =>
    bodyMismatches(`${place}/${name}`, Object.hasOwn(is, name) ? is[name] : undefined, value),
  );
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null;

function show(value: unknown): string {
  const text = value === undefined ? 'absent' : JSON.stringify(value);
  return text.length <= 200 ? text : `${text.slice(0, 200)}…`;
}
