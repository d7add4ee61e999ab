import type { FastifyInstance } from 'fastify';

/** Converts OpenAPI's `/a/{b}` to Fastify's `/a/:b`. */
export const toRoutePath = (template: string): string => template.replaceAll(/\{(\w+)\}/g, ':$1');

/** True for paths of the emulator itself, such as /_emulator and /docs. */
export const isEmulatorPath = (url: string): boolean =>
  /^\/+((_emulator|docs|openapi|llms\.txt)\b|\?|$)/.test(url);

/** Returns the methods that are registered for a path; none if the path is unknown. */
export type AllowedMethods = (path: string) => string[];

/** Records every route that is registered later, to answer requests with the wrong method. */
export function noteRoutes(app: FastifyInstance): AllowedMethods {
  const routes: { pattern: RegExp; methods: string[] }[] = [];
  app.addHook('onRoute', ({ url, method }) => {
    // These routes are for forwarded requests and for preflights, and match every path.
    if (url !== '/*' && url !== '*')
      routes.push({ pattern: toPattern(url), methods: [method].flat() });
  });
  return (path) => [
    ...new Set(routes.flatMap(({ pattern, methods }) => (pattern.test(path) ? methods : []))),
  ];
}

function toPattern(url: string): RegExp {
  const pattern = url.replaceAll('.', '\\.').replaceAll(/:\w+/g, '[^/]+').replace('*', '.*');
  return new RegExp(`^${pattern}$`);
}

/**
 * RFC 9112, 3.2.2: a server must accept a complete URL in place of the path, as proxies send it.
 * @returns the path with its query.
 */
export function toOriginForm(target: string): string {
  if (!/^https?:\/\//i.test(target)) return target;
  const start = target.indexOf('/', target.indexOf('//') + 2);
  return start === -1 ? '/' : target.slice(start);
}
