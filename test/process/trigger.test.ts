import { describe, expect, it } from 'vitest';
import { sign } from '../../src/outbound/signature.js';
import { temporaryFolder } from '../support/files.js';
import { spawnCli } from '../support/process.js';
import { startReceiver } from '../support/receiver.js';
import { webhookApps } from '../support/webhook-apps.js';

async function trigger(args: readonly string[], env: Readonly<Record<string, string>> = {}) {
  const command = spawnCli({ cwd: temporaryFolder(), args: ['trigger', ...args], env });
  const { code } = await command.end();
  return { code, stdout: command.stdout, stderr: command.stderr };
}

const [, startApp] = webhookApps[2] ?? [];

describe('retell-emulator trigger', () => {
  it('sends a webhook that the application accepts', async () => {
    const accepted: string[] = [];
    const url = (await startApp?.('key_account', accepted)) ?? '';
    const { code, stdout, stderr } = await trigger(
      ['call_analyzed', '--to', url, '--call', '{"call_id":"call_7"}'],
      { RETELL_API_KEY: 'key_account' },
    );
    expect(stderr).toBe('');
    expect(stdout).toMatch(/^call_analyzed to http:\S+: answered with 204 in \d+ ms\n$/);
    expect(code).toBe(0);
    expect(accepted).toEqual(['call_analyzed']);
  });

  it('tells whether the application refuses forged ones', async () => {
    const url = (await startApp?.('key_account', [])) ?? '';
    const args = ['call_ended', '--to', url, '--api-key', 'key_account', '--forged'];
    const refused = await trigger(args);
    expect(refused.stdout).toContain('The receiver refused 5 of 5 forged webhooks.');
    expect(refused.code).toBe(0);
    const careless = await startReceiver();
    const accepted = await trigger(['call_ended', '--to', careless.url, '--forged']);
    expect(accepted.stdout).toContain('The receiver accepted forged webhooks: wrong-key,');
    expect(accepted.code).toBe(1);
  });

  it('ends with 1 if it was not accepted, or not sent', async () => {
    const failed = await trigger(['call_ended', '--to', 'http://127.0.0.1:1/']);
    expect(failed).toMatchObject({ code: 1 });
    expect(failed.stdout).toContain('ECONNREFUSED');
    const away = await trigger(['call_ended', '--to', 'https://app.example.com/']);
    expect(away).toMatchObject({ code: 1 });
    expect(away.stdout).toContain('was not allowed by webhookAllow');
  });

  it('signs with the key that it is told to, and sends where it is told to', async () => {
    const receiver = await startReceiver();
    const { code } = await trigger([
      ...['call_ended', '--to', 'https://app.example.com/hook', '--webhook-signing-key', 'other'],
      ...['--webhook-rewrite', `https://app.example.com=${receiver.url}`],
    ]);
    expect(code).toBe(0);
    const [request] = receiver.received;
    expect(request?.path).toBe('/hook');
    const signature = String(request?.headers['x-retell-signature']);
    const time = Number(/^v=(\d+),/.exec(signature)?.[1]);
    expect(signature).toBe(sign(request?.body ?? '', 'other', time));
  });

  it.each([
    [['call_over', '--to', 'http://127.0.0.1:1'], 'body/event must be "call_started"'],
    [['call_ended'], "required option '--to <URL>' not specified"],
    [['--to', 'http://127.0.0.1:1'], "missing required argument 'EVENT'"],
    [['call_ended', '--to', 'http://127.0.0.1:1', '--call', '{'], '--call must be JSON'],
  ])('refuses %j', async (args, message) => {
    const { code, stderr } = await trigger(args);
    expect(stderr).toContain(message);
    expect(code).toBe(2);
  });
});
