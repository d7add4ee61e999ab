import { isDeepStrictEqual } from 'node:util';
import type { components } from '../../contract/control.gen.js';
import { matchesGlob } from '../glob.js';
import { isSecretHeader, redactAt, redacted } from './redaction.js';

/** What a request has to be like. Everything that is given must fit. */
export type RequestMatcher = components['schemas']['RequestMatcher'];

/** One part in which a request differs from what a matcher asks for. */
export type Difference = components['schemas']['RequestDifference'];

/** What a matcher looks at. */
export interface MatchedRequest {
  readonly operation: string | undefined;
  readonly path: string;
  readonly status: number | undefined;
  /** A function, because a body is parsed only where it matters. */
  readonly body: () => unknown;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
}

/** In what a request differs from what a matcher asks for; empty if it fits. No credential is in it. */
export function differencesOf(matcher: RequestMatcher, request: MatchedRequest): Difference[] {
  const { operation = request.operation, path, status = request.status, body } = matcher;
  return [
    ...(operation === request.operation
      ? []
      : [difference('operation', operation, request.operation)]),
    ...(path === undefined || matchesGlob(path, request.path)
      ? []
      : [difference('path', path, request.path)]),
    ...(status === request.status ? [] : [difference('status', status, request.status)]),
    ...Object.entries(matcher.headers ?? {}).flatMap(([name, expected]) => {
      const actual = request.headers[name.toLowerCase()];
      if (actual === expected) return [];
      const shown = actual !== undefined && isSecretHeader(name) ? redacted : actual;
      return [difference(`header ${name}`, expected, shown)];
    }),
    ...(body === undefined ? [] : bodyDifferences('body', request.body(), body)),
  ];
}

export const difference = (part: string, expected: unknown, actual: unknown): Difference => ({
  part,
  expected,
  ...(actual !== undefined && { actual }),
});

/** Objects may have more properties than asked for; arrays are as long as asked for. */
export function bodyDifferences(part: string, actual: unknown, expected: unknown): Difference[] {
  const isList = Array.isArray(expected);
  const differs = () => [difference(part, expected, redactAt(part, actual))];
  if (!isObject(expected) || !isObject(actual) || Array.isArray(actual) !== isList) {
    return isDeepStrictEqual(actual, expected) ? [] : differs();
  }
  if (isList && Object.keys(actual).length !== expected.length) return differs();
  return Object.entries(expected).flatMap(([name, value]) =>
    bodyDifferences(
      `${part}/${name}`,
      Object.hasOwn(actual, name) ? actual[name] : undefined,
      value,
    ),
  );
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null;
