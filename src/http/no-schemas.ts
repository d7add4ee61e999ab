/** No route has a schema of Fastify's: its compilers, which it would load at its start, are not there. */
const noCompiler = () => () => {
  throw new Error('a route has a schema that nothing compiles');
};

/** For Fastify's option of this name. */
export const schemaController = {
  compilersFactory: { buildValidator: noCompiler, buildSerializer: noCompiler },
};
