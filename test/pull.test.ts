import type { RequestListener } from 'node:http';
import { describe, expect, it } from 'vitest';
import { pull, type PullOptions } from '../src/pull/pull.js';
import { serve } from './support/serve.js';

/** Pulls from such a server, and returns what was logged and waited for, in milliseconds. */
async function pullFrom(answer: RequestListener, options: Partial<PullOptions> = {}) {
  const upstream = await serve(answer);
  const logged: string[] = [];
  const pauses: number[] = [];
  const pulled = pull({
    upstream,
    apiKey: 'key_account',
    agents: [],
    calls: 0,
    keepsPersonalData: false,
    deadline: () => new AbortController().signal,
    sleep: (duration) => {
      pauses.push(duration);
      return Promise.resolve();
    },
    log: (line) => logged.push(line),
    ...options,
  });
  return { result: await pulled.catch((error: unknown) => error as Error), logged, pauses };
}

const page = (more: object = {}): string => JSON.stringify({ items: [], has_more: false, ...more });

describe('a server with wrong answers', () => {
  it('is given up when its list repeats a key', async () => {
    const { result } = await pullFrom((_request, response) =>
      response.end(page({ has_more: true, pagination_key: 'same' })),
    );
    expect(result).toMatchObject({
      message: '/v2/list-agents does not end: its pagination_key "same" comes again',
    });
  });

  it('is given up when its list does not end', async () => {
    let asked = 0;
    const { result } = await pullFrom((_request, response) => {
      asked += 1;
      response.end(page({ has_more: true, pagination_key: String(asked) }));
    });
    expect(result).toMatchObject({
      message: '/v2/list-agents does not end: it has more than 1000 pages',
    });
    expect(asked).toBe(1000);
  });

  it('is given up when its answer does not end', async () => {
    const chunk = Buffer.alloc(1024 * 1024, ' ');
    const { result } = await pullFrom((_request, response) => {
      const write = (): void => {
        while (response.write(chunk));
      };
      response.on('drain', write);
      write();
    });
    expect(result).toMatchObject({
      message: expect.stringMatching(
        /cannot read .*: the answer has more than \d+ bytes/,
      ) as string,
    });
  });

  it.each([
    [`{"items":${'['.repeat(30_000)}${']'.repeat(30_000)}}`, 'more than 100 levels deep'],
    ['{"items":[],"more":"\\ud800"}', '/more must not have half a surrogate pair'],
  ])('is given up when its answer could not be stored: %.20s', async (text, problem) => {
    const { result } = await pullFrom((_request, response) => response.end(text));
    expect(result).toMatchObject({ message: expect.stringContaining(problem) as string });
  });

  it('is given up when its answer takes too long', async () => {
    const late = new AbortController();
    const { result } = await pullFrom(
      (_request, response) => {
        response.write('{"items":');
        late.abort();
      },
      { deadline: () => late.signal },
    );
    expect(result).toMatchObject({
      message: expect.stringMatching(/cannot read .*: the answer took too long/) as string,
    });
  });

  it('is given up when it asks for a long pause', async () => {
    // Longer than a timer of Node can wait, which would fire at once.
    const { result, pauses } = await pullFrom((_request, response) =>
      response.writeHead(429, { 'retry-after': '2592000' }).end(),
    );
    expect(result).toMatchObject({
      message: expect.stringContaining('answers 429 and asks to wait 2592000 s') as string,
    });
    expect(pauses).toEqual([]);
  });
});

describe('an account with objects that are refused today', () => {
  it('is read without them, and each one is named', async () => {
    const llms = [
      { llm_id: 'llm_new_model', version: 0, model: 'gpt-9-turbo' },
      { llm_id: 'llm_no_url', version: 0, general_tools: [{ type: 'custom', name: 'book' }] },
      {
        llm_id: 'llm_twice',
        version: 0,
        general_tools: ['end', 'end'].map((name) => ({ type: 'end_call', name })),
      },
    ];
    const { result, logged } = await pullFrom(({ url = '' }, response) =>
      response.end(page(url.startsWith('/v2/list-retell-llms') ? { items: llms } : {})),
    );
    expect(result).toMatchObject({ retellLlms: [{ llm_id: 'llm_new_model' }] });
    expect(logged).toEqual([
      expect.stringMatching(/^left out llm_no_url, which would not load: .*url/),
      expect.stringMatching(/^left out llm_twice, which would not load: \/general_tools\/1\/name/),
    ]);
  });
});

describe('a server that is busy', () => {
  /** Answers with 429 and these headers first. */
  const busyOnce = (headers: Record<string, string>): RequestListener => {
    let asked = 0;
    return (_request, response) => {
      asked += 1;
      if (asked === 1) response.writeHead(429, headers).end();
      else response.end(page());
    };
  };

  it.each<[string, Record<string, string>, number]>([
    ['a number', { 'retry-after': '7' }, 7000],
    ['a fraction', { 'retry-after': '0.25' }, 250],
    [
      'a date, by its own clock',
      {
        date: 'Thu, 01 Jan 2026 00:00:00 GMT',
        'retry-after': 'Thu, 01 Jan 2026 00:00:30 GMT',
      },
      30_000,
    ],
    [
      'a date that is over',
      { date: 'Thu, 01 Jan 2026 00:00:00 GMT', 'retry-after': 'Wed, 31 Dec 2025 00:00:00 GMT' },
      0,
    ],
    ['nothing', {}, 1000],
    ['nonsense', { 'retry-after': 'soon' }, 1000],
  ])('is asked again after the pause in %s', async (_how, headers, pause) => {
    const { result, logged, pauses } = await pullFrom(busyOnce(headers));
    expect(result).toMatchObject({ agents: [] });
    expect(pauses).toEqual([pause]);
    expect(logged).toEqual([expect.stringContaining(`again in ${String(pause / 1000)} s`)]);
  });
});
