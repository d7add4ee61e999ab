import { describe, expect, it } from 'vitest';
import { destinationFinder } from '../../src/outbound/destination.js';
import { createSender, type Sent } from '../../src/outbound/sender.js';
import { hostileReceivers, listenRaw } from '../support/hostile-receivers.js';
import { ManualClock } from '../support/manual-clock.js';

describe('a receiver that', () => {
  it.each(hostileReceivers)('%s costs a delivery its time at most', async (_what, answer, told) => {
    const clock = new ManualClock();
    const sender = createSender(clock, destinationFinder({ allow: [], rewrites: [] }));
    const url = await listenRaw(answer);
    const body = 'x'.repeat(2_000_000);
    const sending = sender.send({ url, headers: {}, body, timeout: 1000 });
    const progress = { isOver: false };
    const over = sending.finally(() => (progress.isOver = true));
    // It ends by itself, or when its time is over.
    for (let turns = 0; turns < 300 && !progress.isOver; turns += 1) await clock.turn();
    await clock.advance(1000);
    const sent = (await over) as Sent;
    expect(sent.body.length).toBeLessThanOrEqual(16 * 1024);
    if (told.status === undefined) {
      expect([sent.status, sent.error]).toEqual([undefined, expect.any(String)]);
    } else expect(sent).toMatchObject(told);
    sender.close();
    expect(clock.alarmCount).toBe(0);
  });
});

describe('a URL', () => {
  // `localhost.evil.example` and names with an address in them are other machines, whatever they resolve to.
  it.each([
    ...['http://localhost.evil.example/', 'http://127.0.0.1.nip.io/', 'http://localtest.me/'],
    ...['http://[::ffff:10.0.0.1]/', 'http://[::ffff:a00:1]/', 'http://[::ffff:8.8.8.8]/'],
    ...['http://[64:ff9b::127.0.0.1]/', 'http://[::127.0.0.1]/', 'http://[2002:7f00:1::]/'],
    ...['http://0/', 'http://0x0/', 'http://00000/', 'http://[::]/', 'http://3232235521/'],
    ...['http://0xa9fea9fe/', 'http://169.254.169.254/', 'http://metadata.google.internal/'],
    ...['javascript:alert(1)', 'data:text/plain,x', 'file:///etc/passwd', 'gopher://127.0.0.1/'],
    ...['ws://127.0.0.1/', 'unix:/tmp/x', 'http+unix://127.0.0.1/', 'http:', 'http://', '//x'],
    ...[
      'http://user:password@example.com/',
      'http://localhost@example.com/',
      'http://example.com:80@x/',
    ],
    ...[
      'http://ⓔxample.com/',
      'http://127.0.0.1%00.example.com/',
      'http://127.0.0.1\\.example.com/x@',
    ],
    ...[
      'http://loca\u00adlhost.example/',
      'http://xn--localhost-.example/',
      `http://${'a'.repeat(300)}.x/`,
    ],
  ])('is never sent to: %s', async (url) => {
    const clock = new ManualClock();
    const sender = createSender(clock, destinationFinder({ allow: [], rewrites: [] }));
    const sent = await sender.send({ url, headers: {}, body: '', timeout: 1000 });
    if ('refused' in sent) return;
    // A backslash is a slash to browsers and to `fetch`: this is 127.0.0.1 then.
    expect(new URL(sent.target).hostname).toBe('127.0.0.1');
  });

  it.each([
    'http://user:password@127.0.0.1:1/',
    'http://2130706433:1/',
    'http://0x7f.1:1/',
    'http://0177.0.0.1:1/',
    'http://[::ffff:127.0.0.1]:1/',
    'http://ⓛocalhost:1/',
    'http://127.1:1/',
  ])('is this machine in whatever form: %s', async (url) => {
    const clock = new ManualClock();
    const sender = createSender(clock, destinationFinder({ allow: [], rewrites: [] }));
    const sent = await sender.send({ url, headers: {}, body: '', timeout: 1000 });
    expect(sent).toMatchObject({
      status: undefined,
      error: expect.stringMatching(/ECONNREFUSED/) as string,
    });
  });
});
