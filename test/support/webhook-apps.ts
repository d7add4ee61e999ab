/** Applications that take webhooks, as their authors write them. */
import { createHmac, timingSafeEqual } from 'node:crypto';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import express from 'express';
import fastify from 'fastify';
import Retell from 'retell-sdk';
import Retell4 from 'retell-sdk-4';
import { onTestFinished } from 'vitest';

type Verify = (body: string, apiKey: string, signature: string) => boolean | Promise<boolean>;

/** `Retell.verify` of the releases that most clients have. */
const generations: Record<string, Verify> = {
  '4.66': (...given) => Retell4.verify(...given),
  '5.66': (...given) => Retell.verify(...given),
};

/** Starts it on a free port of this machine; events that it accepted go to `events`. */
type StartApp = (apiKey: string, events: string[]) => Promise<string>;

const urlOf = (server: Server): string =>
  `http://127.0.0.1:${String((server.address() as AddressInfo).port)}/webhook`;

/** Express, whose handler gets a body that was parsed and writes it again to check it. */
const expressApp =
  (verify: Verify): StartApp =>
  async (apiKey, events) => {
    const app = express();
    app.use(express.json());
    app.post('/webhook', async (request, response) => {
      const body = request.body as { event: string };
      const signature = request.header('x-retell-signature') ?? '';
      if (!(await verify(JSON.stringify(body), apiKey, signature))) {
        response.status(401).send('Invalid signature');
        return;
      }
      events.push(body.event);
      response.status(204).send();
    });
    const server = app.listen(0, '127.0.0.1');
    await new Promise((resolve) => server.once('listening', resolve));
    onTestFinished(() => void server.close());
    return urlOf(server);
  };

/** Fastify, which keeps the text that came. */
const fastifyApp =
  (verify: Verify): StartApp =>
  async (apiKey, events) => {
    const app = fastify();
    app.addContentTypeParser('application/json', { parseAs: 'string' }, (_request, text, done) => {
      done(null, text);
    });
    app.post('/webhook', async (request, reply) => {
      const text = request.body as string;
      const signature = request.headers['x-retell-signature'];
      if (typeof signature !== 'string' || !(await verify(text, apiKey, signature))) {
        return reply.code(401).send({ error: 'invalid signature' });
      }
      events.push((JSON.parse(text) as { event: string }).event);
      return reply.send({ received: true });
    });
    await app.listen({ port: 0, host: '127.0.0.1' });
    onTestFinished(() => app.close());
    return urlOf(app.server);
  };

/** Node alone: an HMAC over the bytes that came, and a time of at most five minutes ago. */
const handWrittenApp: StartApp = async (apiKey, events) => {
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const bytes = Buffer.concat(chunks);
      const header = String(request.headers['x-retell-signature'] ?? '');
      const [, time = '', digest = ''] = /^v=(\d+),d=([0-9a-f]{64})$/.exec(header) ?? [];
      const own = createHmac('sha256', apiKey).update(bytes).update(time).digest();
      const isGenuine =
        digest !== '' &&
        Math.abs(Date.now() - Number(time)) <= 300_000 &&
        timingSafeEqual(own, Buffer.from(digest, 'hex'));
      if (isGenuine) events.push((JSON.parse(bytes.toString()) as { event: string }).event);
      response.writeHead(isGenuine ? 200 : 403).end();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void server.close());
  return urlOf(server);
};

/** By what they are made of. */
export const webhookApps: readonly (readonly [name: string, StartApp])[] = [
  ...Object.entries(generations).flatMap(
    ([generation, verify]) =>
      [
        [`Express with retell-sdk ${generation}`, expressApp(verify)],
        [`Fastify with retell-sdk ${generation}`, fastifyApp(verify)],
      ] as const,
  ),
  ['Node with an HMAC of its own', handWrittenApp],
];
