import { createHmac, timingSafeEqual } from 'node:crypto';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import express from 'express';
import fastify, { type FastifyRequest } from 'fastify';
import Retell from 'retell-sdk';
import { describe, expect, it, onTestFinished } from 'vitest';
import { readCall } from '../support/calls.js';
import { advance } from '../support/control.js';
import { eventsOf } from '../support/deliveries.js';
import { bookTable, placeFunctionCall, toolEntries } from '../support/functions.js';
import { startReceiver } from '../support/receiver.js';

/** A tool server as its author writes it: it knows the documents, and nothing of the emulator. */
type StartServer = (apiKey: string) => Promise<string>;

const urlOf = (server: Server): string =>
  `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`;

interface ToolBody {
  name: string;
  args: { guests: number };
  call: { call_id: string };
}

/** Express with the SDK, which checks a body that was parsed and is written again. */
const expressServer: StartServer = async (apiKey) => {
  const app = express();
  app.use(express.json());
  app.post('/tools/book_table', async (request, response) => {
    const signature = request.header('x-retell-signature') ?? '';
    if (!(await Retell.verify(JSON.stringify(request.body), apiKey, signature))) {
      response.status(401).json({ error: 'invalid signature' });
      return;
    }
    const { name, args, call } = request.body as ToolBody;
    response.json({ booked: name, table: args.guests * 10, for: call.call_id });
  });
  const server = app.listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  onTestFinished(() => void server.close());
  return `${urlOf(server)}/tools/book_table`;
};

/** Fastify, which checks the text that came, and validates the arguments by a schema of its own. */
const fastifyServer: StartServer = async (apiKey) => {
  const app = fastify();
  app.addContentTypeParser(
    'application/json',
    { parseAs: 'string' },
    async (request: FastifyRequest, text: string | Buffer) => {
      const signature = String(request.headers['x-retell-signature'] ?? '');
      if (!(await Retell.verify(String(text), apiKey, signature))) {
        throw Object.assign(new Error('invalid signature'), { statusCode: 401 });
      }
      return JSON.parse(String(text)) as unknown;
    },
  );
  const guests = { type: 'integer', minimum: 1, maximum: 8 };
  const args = { type: 'object', required: ['guests'], properties: { guests } };
  app.post(
    '/',
    {
      schema: {
        body: { type: 'object', required: ['name', 'args', 'call'], properties: { args } },
      },
    },
    (request) => {
      const { name, args, call } = request.body as ToolBody;
      return { booked: name, table: args.guests * 10, for: call.call_id };
    },
  );
  await app.listen({ port: 0, host: '127.0.0.1' });
  onTestFinished(() => app.close());
  return `${urlOf(app.server)}/`;
};

/** Node alone: an HMAC over the bytes that came, of at most five minutes ago. */
const handWrittenServer: StartServer = async (apiKey) => {
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
      if (!isGenuine) {
        response.writeHead(401).end();
        return;
      }
      const { name, args, call } = JSON.parse(bytes.toString()) as ToolBody;
      const answer = { booked: name, table: args.guests * 10, for: call.call_id };
      response.setHeader('content-type', 'application/json');
      response.end(JSON.stringify(answer));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void server.close());
  return urlOf(server);
};

const servers = [
  ['Express with the SDK', expressServer],
  ['Fastify with a schema', fastifyServer],
  ['Node with an HMAC of its own', handWrittenServer],
] as const;

describe('a tool server of', () => {
  it.each(servers)('%s serves a call from its start to its analysis', async (_name, start) => {
    const receiver = await startReceiver();
    const url = await start('key_a');
    const tool = bookTable(url, { response_variables: { table: '$.table' } });
    const { client, id, clock } = await placeFunctionCall([tool], {
      settings: { webhookUrl: receiver.url },
    });
    clock.jump(Date.now() - clock.now());
    await advance(client, { until: 'idle' });
    const call = await readCall(client, id);
    const [invocation, result] = toolEntries(call);
    const { guests } = JSON.parse(
      invocation !== undefined && 'arguments' in invocation ? invocation.arguments : '{}',
    ) as ToolBody['args'];
    expect(result).toMatchObject({
      content: JSON.stringify({ booked: 'book_table', table: guests * 10, for: id }),
      successful: true,
    });
    expect(call).toMatchObject({
      call_status: 'ended',
      collected_dynamic_variables: { table: String(guests * 10) },
      call_analysis: { call_summary: expect.any(String) as string },
    });
    expect(eventsOf(receiver)).toEqual(['call_started', 'call_ended', 'call_analyzed']);
  });

  it.each(servers)('%s refuses what somebody else has signed', async (_name, start) => {
    const { finish, clock } = await placeFunctionCall([bookTable(await start('another key'))]);
    clock.jump(Date.now() - clock.now());
    expect(toolEntries(await finish())[1]).toMatchObject({
      content: 'Request failed with status code 401',
      successful: false,
    });
  });
});
