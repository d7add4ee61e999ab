/**
 * No route has a Fastify schema, so Fastify's schema compilers, which it would load at its start, are
 * replaced.
 */
const noCompiler = () => () => {
  throw new Error('a route has a Fastify schema, which nothing compiles');
};

/** The value of Fastify's option of this name. */
export const schemaController = {
  compilersFactory: { buildValidator: noCompiler, buildSerializer: noCompiler },
};
