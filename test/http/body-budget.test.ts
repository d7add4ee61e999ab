import { once } from 'node:events';
import { connect, type AddressInfo, type Socket } from 'node:net';
import fastify, { type FastifyInstance } from 'fastify';
import { describe, expect, it, onTestFinished } from 'vitest';
import { registerBodyBudget } from '../../src/http/bodies/body-budget.js';
import { sendError } from '../../src/http/errors.js';
import { ManualClock } from '../support/manual-clock.js';

const mebibyte = 1024 * 1024;

async function build(): Promise<FastifyInstance> {
  const app = fastify({ bodyLimit: 3 * mebibyte });
  onTestFinished(() => app.close());
  app.setErrorHandler(sendError);
  registerBodyBudget(app, 2 * mebibyte);
  app.post('/', () => ({}));
  await app.listen({ host: '127.0.0.1', port: 0 });
  return app;
}

/** A client that has sent the headers of a body, and none of it yet. */
async function announce(app: FastifyInstance, ...headers: string[]): Promise<Socket> {
  const socket = connect((app.server.address() as AddressInfo).port, '127.0.0.1');
  onTestFinished(() => void socket.destroy());
  const head = ['POST / HTTP/1.1', 'host: 127.0.0.1', 'content-type: application/json', ...headers];
  const arrived = once(app.server, 'request');
  socket.write(`${head.join('\r\n')}\r\n\r\n`);
  await arrived;
  return socket;
}

const post = (app: FastifyInstance, size: number) =>
  app.inject({ method: 'POST', url: '/', payload: { text: 'x'.repeat(size) } });

describe('bodies that arrive at the same time', () => {
  it('are refused above their common limit, with the number of bytes left', async () => {
    const app = await build();
    await announce(app, `content-length: ${String(1.5 * mebibyte)}`);
    const refused = await post(app, mebibyte);
    expect([refused.statusCode, refused.headers['retry-after']]).toEqual([413, '1']);
    expect(refused.json<{ message: string }>().message).toContain(
      `${String(mebibyte / 2)} bytes are left for bodies at the moment`,
    );
    expect((await post(app, mebibyte / 4)).statusCode).toBe(200);
    expect((await post(app, mebibyte / 4)).statusCode).toBe(200);
  });

  it('count until their connections end', async () => {
    const app = await build();
    const socket = await announce(app, `content-length: ${String(1.5 * mebibyte)}`);
    expect((await post(app, mebibyte)).statusCode).toBe(413);
    socket.destroy();
    // The server is told of its end in one of the next turns.
    while ((await post(app, mebibyte)).statusCode === 413) await new ManualClock().turn();
  });

  it('count with their limit if they do not announce their length', async () => {
    const app = await build();
    await announce(app, 'transfer-encoding: chunked');
    expect((await post(app, mebibyte)).statusCode).toBe(413);
    expect((await post(app, 1000)).statusCode).toBe(200);
  });

  it('do not count when they are small', async () => {
    const app = await build();
    for (let count = 0; count < 10; count += 1) await announce(app, 'content-length: 60000');
    expect((await post(app, 1.9 * mebibyte)).statusCode).toBe(200);
  });

  it('are accepted one at a time up to their own limit', async () => {
    const app = await build();
    expect((await post(app, 2.5 * mebibyte)).statusCode).toBe(200);
    expect((await post(app, 3.5 * mebibyte)).statusCode).toBe(413);
  });
});
