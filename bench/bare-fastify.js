// What any Fastify server costs: one route for each request of the bench, nothing behind it.
import fastify from 'fastify';
import { answer, created, createdCall } from './answers.js';

const app = fastify();
app.post('/create-batch-test', (_request, reply) => reply.code(201).send(created()));
app.post('/v2/create-phone-call', (_request, reply) => reply.code(201).send(createdCall()));
app.get('/get-batch-test/:id', (_request, reply) => reply.send(answer));
await app.listen({ host: '127.0.0.1', port: 0 });
console.log(`Ready: http://127.0.0.1:${app.server.address().port}`);
