import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import * as undici from 'undici';
import { describe, expect, it, onTestFinished } from 'vitest';
import { redirectRetell, startEmulator } from '../../src/index.js';

const headers = { authorization: 'Bearer key_hard_coded' };

/** Redirects to an emulator until the end of the test. */
async function redirect() {
  const emulator = await startEmulator();
  onTestFinished(() => emulator.close());
  onTestFinished(redirectRetell({ to: emulator.url }));
}

describe('undici with a dispatcher of its own', () => {
  /** A server in the place of the vendor, and a dispatcher that finds it there. */
  async function startVendor() {
    const received: string[] = [];
    const server = createServer((socket) => {
      socket.on('error', () => undefined).on('data', (chunk) => received.push(chunk.toString()));
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    onTestFinished(() => void server.close());
    const agent = new undici.Agent({
      connect: {
        lookup: (_hostname, _options, callback) => {
          callback(null, [{ address: '127.0.0.1', family: 4 }]);
        },
      },
    });
    const { port } = server.address() as AddressInfo;
    return { url: `http://api.retellai.com:${String(port)}/`, received, agent };
  }

  it('sends nothing, and says why', async () => {
    await redirect();
    const { url, received, agent } = await startVendor();
    const error: unknown = await undici
      .request(url, { dispatcher: agent })
      .catch((reason: unknown) => reason);
    expect((error as Error).message).toMatch(
      /^retell-emulator\/redirect: stopped a request that would have gone to api\.retellai\.com/,
    );
    expect(received).toEqual([]);
  });

  it('is redirected again if it is the global one', async () => {
    const before = undici.getGlobalDispatcher();
    onTestFinished(() => {
      undici.setGlobalDispatcher(before);
    });
    await redirect();
    const { url, received, agent } = await startVendor();
    undici.setGlobalDispatcher(agent);
    await expect(fetch(url)).rejects.toMatchObject({ cause: { code: 'ERR_RETELL_REDIRECT' } });
    expect((await fetch(`${url}get-agent/a`, { headers })).status).toBe(404);
    expect(received).toEqual([]);
  });
});
