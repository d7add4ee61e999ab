// The application over HTTP: it takes reminders, and the webhooks of their calls.
import fastify from 'fastify';
import Retell from 'retell-sdk';

/** @param options `reminders`, and the `apiKey` that signs webhooks. */
export function buildApp({ reminders, apiKey }) {
  const app = fastify();
  // The signature is that of the text, so the text is kept.
  app.addContentTypeParser('application/json', { parseAs: 'string' }, (_request, text, done) => {
    done(null, text);
  });
  app.post('/reminders', async (request, reply) => {
    const { phone } = JSON.parse(request.body);
    return reply.code(201).send(await reminders.create(phone));
  });
  app.get('/reminders/:id', (request, reply) => {
    const reminder = reminders.get(request.params.id);
    return reminder ?? reply.code(404).send({ error: 'there is no such reminder' });
  });
  app.post('/webhook', async (request, reply) => {
    const signature = request.headers['x-retell-signature'] ?? '';
    // Without `await`, every webhook would be taken.
    if (!(await Retell.verify(request.body, apiKey, signature))) return reply.code(401).send();
    reminders.apply(JSON.parse(request.body).call);
    return reply.code(204).send();
  });
  return app;
}
