import type { FastifyInstance } from 'fastify';

/** OpenAPI's `/a/{b}` as Fastify writes it: `/a/:b`. */
export const toRoutePath = (template: string): string => template.replaceAll(/\{(\w+)\}/g, ':$1');

/** True for paths of the emulator itself, such as /_emulator and /docs. */
export const isEmulatorPath = (url: string): boolean =>
  /^\/+((_emulator|docs|openapi|llms\.txt)\b|\?|$)/.test(url);

/** Returns the methods that a path takes; none if the path is unknown. */
export type AllowedMethods = (path: string) => string[];

/** Notes every route that is registered from here on, for the answer to a request that none takes. */
export function noteRoutes(app: FastifyInstance): AllowedMethods {
  const routes: { pattern: RegExp; methods: string[] }[] = [];
  app.addHook('onRoute', ({ url, method }) => {
    // These take what is forwarded, and preflights of browsers.
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
 * RFC 9112, 3.2.2: a server takes the whole URL in the place of the path, as proxies send it.
 * @returns the path with its query.
 */
export function toOriginForm(target: string): string {
  if (!/^https?:\/\//i.test(target)) return target;
  const start = target.indexOf('/', target.indexOf('//') + 2);
  return start === -1 ? '/' : target.slice(start);
}
