import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { keyedChance } from '../../src/random.js';
import { webhookOf } from '../support/deliveries.js';
import { temporaryFolder } from '../support/files.js';
import { startCli } from '../support/process.js';
import { startReceiver } from '../support/receiver.js';

/** `CRASH_KILLS=40 npx vitest run test/process/delivery-crash.test.ts` is the long form. */
const kills = Number(process.env['CRASH_KILLS'] ?? 6);
const clients = 3;
const chance = keyedChance('delivery crash');
const headers = { authorization: 'Bearer key_crash', 'content-type': 'application/json' };

async function createCall(url: string): Promise<string | undefined> {
  const answer = await fetch(`${url}/v2/create-phone-call`, {
    ...{ method: 'POST', headers },
    body: JSON.stringify({
      ...{ from_number: '+14157774444', to_number: '+12137774445', override_agent_id: 'agent_1' },
    }),
  });
  expect(answer.status).toBe(201);
  return ((await answer.json()) as { call_id: string }).call_id;
}

describe('a process that is killed with webhooks under way', () => {
  it(
    `${String(kills)} times in a row loses none, and sends none twice that it knows to be taken`,
    { timeout: 60_000 + 30_000 * kills },
    async () => {
      const cwd = temporaryFolder();
      /** The lives of the process in which each event was taken. */
      const taken = new Map<string, number[]>();
      let [life, requests, left] = [0, 0, Infinity];
      let onTaken = (): void => undefined;
      let kill = (): void => undefined;
      const receiver = await startReceiver((request, response, socket) => {
        const { event, call } = webhookOf(request);
        requests += 1;
        left -= 1;
        // A random moment: with this request, and others, under way.
        if (left === 0) kill();
        if (chance('fails', requests) < 0.2) {
          if (chance('how', requests) < 0.5) socket.destroy();
          else response.writeHead(500).end();
          return;
        }
        response.writeHead(204).end();
        const key = `${call.call_id} ${event}`;
        taken.set(key, [...(taken.get(key) ?? []), life]);
        onTaken();
      });
      const args = [
        ...['--database', join(cwd, 'crash.sqlite'), '--concurrency-limit', '100000'],
        ...['--ring-duration', '1ms..9ms', '--call-duration', '1ms..30ms'],
        ...['--analysis-delay', '1ms..20ms', '--call-outcomes', 'user_hangup=1'],
        ...['--webhook-url', receiver.url],
        ...['--webhook-retries', '10', '--webhook-retry-pause', '1ms'],
      ];
      const acknowledged: string[] = [];

      for (; life < kills; life += 1) {
        const { emulator, url } = await startCli({ cwd, args });
        left = 1 + Math.floor(chance('requests', life) * 60);
        kill = () => {
          emulator.signal('SIGKILL');
        };
        const load = async (): Promise<void> => {
          for (;;) {
            const id = await createCall(url).catch(() => undefined);
            if (id === undefined) return;
            acknowledged.push(id);
          }
        };
        await Promise.all(Array.from({ length: clients }, load));
        expect(await emulator.end()).toMatchObject({ signal: 'SIGKILL' });
      }

      const { emulator, url } = await startCli({ cwd, args });
      const missing = () =>
        acknowledged.flatMap((id) =>
          ['call_started', 'call_ended', 'call_analyzed']
            .map((event) => `${id} ${event}`)
            .filter((key) => !taken.has(key)),
        );
      const allTaken = new Promise<void>((resolve) => {
        onTaken = () => {
          if (missing().length === 0) resolve();
        };
      });
      await createCall(url).then((id) => acknowledged.push(id ?? ''));
      await allTaken;
      expect(acknowledged.length).toBeGreaterThan(kills);
      for (const lives of taken.values()) expect(new Set(lives).size).toBe(lives.length);
      const doubled = [...taken.values()].filter((lives) => lives.length > 1).length;
      // What was under way when the process was killed, and nothing else: one receiver gets 16 at once.
      expect(doubled).toBeLessThanOrEqual(16 * kills);
      expect((await emulator.kill('SIGTERM')).code).toBe(0);
    },
  );
});
