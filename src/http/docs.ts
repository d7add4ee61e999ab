import { readFile } from 'node:fs/promises';
import type { StaticDocumentSpec } from '@fastify/swagger';
import fastify, { type FastifyInstance } from 'fastify';
import type { Contract } from '../contract/document.js';
import { ApiError } from '../errors.js';
import { packageFile } from '../files.js';
import { schemaController } from './bodies/no-schemas.js';

interface Contracts {
  readonly retell: Contract;
  /** Undefined if the control API is off. */
  readonly control: Contract | undefined;
}

/**
 * Serves the contracts and the pages as files, and an interactive reference at /docs. The reference is an app
 * of its own, built at the first request for it, so that the start does not get slower.
 */
export function registerDocs(app: FastifyInstance, { retell, control }: Contracts): void {
  registerContract(app, '/openapi', retell);
  if (control !== undefined) registerContract(app, '/_emulator/openapi', control);
  registerPages(app);
  // What a browser shows for the emulator's address.
  app.get('/', (_request, reply) => reply.redirect('/docs'));

  let reference: Promise<FastifyInstance> | undefined;
  for (const url of ['/docs', '/docs/*']) {
    app.get(url, { config: { operationId: 'docs' } }, async (request, reply) => {
      reference ??= buildReference(retell, control !== undefined);
      const app = await reference;
      reply.hijack();
      app.routing(request.raw, reply.raw);
    });
  }
  app.addHook('onClose', async () => {
    await (await reference)?.close();
  });
}

/** Serves the pages of `docs/`, and `llms.txt`, which links to them by the same paths. */
function registerPages(app: FastifyInstance): void {
  const config = { operationId: 'docs' };
  app.get('/llms.txt', { config }, async (_request, reply) => {
    const text = await readFile(packageFile('llms.txt'));
    return reply.type('text/plain; charset=utf-8').send(text);
  });
  app.get<{ Params: { page: string } }>(
    '/docs/:page([\\w-]+).md',
    { config },
    async ({ params: { page } }, reply) => {
      const text = await readFile(packageFile(`docs/${page}.md`)).catch(() => undefined);
      if (text === undefined) throw new ApiError('not_found', `There is no page ${page}.md.`);
      return reply.type('text/markdown; charset=utf-8').send(text);
    },
  );
}

function registerContract(app: FastifyInstance, path: string, { document }: Contract): void {
  let yaml: Promise<string> | undefined;
  app.get(`${path}.yaml`, async (_request, reply) => {
    yaml ??= import('yaml').then(({ stringify }) => stringify(document));
    return reply.type('application/yaml').send(await yaml);
  });
  app.get(`${path}.json`, (_request, reply) => reply.send(document));
}

async function buildReference(
  { document }: Contract,
  withControl: boolean,
): Promise<FastifyInstance> {
  const [{ default: swagger }, { default: swaggerUi }] = await Promise.all([
    import('@fastify/swagger'),
    import('@fastify/swagger-ui'),
  ]);
  const app = fastify({ schemaController });
  app.setNotFoundHandler(({ url }, reply) => {
    const { statusCode, body } = new ApiError('not_found', `There is no GET ${url}; see /docs.`);
    return reply.code(statusCode).send(body);
  });
  // The plugin's types describe complete OpenAPI documents; ours only the parts that we read.
  const specification = { document: document as StaticDocumentSpec['document'] };
  await app.register(swagger, { mode: 'static', specification });
  await app.register(swaggerUi, {
    routePrefix: '/docs',
    uiConfig: {
      // The choice of contracts at the top of the page.
      urls: [
        { url: '/openapi.json', name: 'Retell API' },
        ...(withControl ? [{ url: '/_emulator/openapi.json', name: 'Emulator control API' }] : []),
      ],
    },
    theme: { title: 'retell-emulator' },
  });
  await app.ready();
  return app;
}
