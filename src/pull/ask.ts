import { StartupError } from '../errors.js';
import { findUnusable } from '../json/checks.js';

export interface AskOptions {
  /** The URL of a server that speaks the vendor's API. */
  readonly upstream: string;
  readonly apiKey: string;
  /** Resolves after so many milliseconds. */
  readonly sleep: (duration: number) => Promise<void>;
  /** Returns a signal that is aborted when a request has taken too long. */
  readonly deadline: () => AbortSignal;
  /** Called with a line about each delay and each object that is left out. */
  readonly log: (line: string) => void;
}

export type Json = Readonly<Record<string, unknown>>;

export const isObject = (value: unknown): value is Json =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Sends a request and returns the answer's JSON, which has all the needed properties. */
export type Ask = (
  method: 'GET' | 'POST',
  path: string,
  isComplete?: (body: Json) => boolean,
  /** What a POST sends. */
  request?: Json,
) => Promise<Json>;

/** The server has no object of this id. */
export class NotFound extends StartupError {}

/** The most tries of a request that is answered with 429 or 5xx, and the seconds before the second try. */
const maxTries = 6;
const firstPause = 1;

/** The longest pause that a server may ask for, in seconds. */
const maxPauseSeconds = 300;

/** The most bytes of one answer: a page of 1,000 items of 100 kB. */
const maxBytes = 128 * 1024 * 1024;

/**
 * Sends requests to a server of the vendor's API. Repeats a request that got 429 or 5xx.
 * @throws StartupError if the server refuses, cannot be reached, or sends an answer that cannot be used.
 */
export function asker({ upstream, apiKey, sleep, deadline, log }: AskOptions): Ask {
  const headers = { authorization: `Bearer ${apiKey}`, 'content-type': 'application/json' };
  return async (method, path, isComplete = () => true, request = {}) => {
    const url = upstream.replace(/\/$/, '') + path;
    for (let attempt = 1; ; attempt += 1) {
      const body = method === 'POST' ? { body: JSON.stringify(request) } : {};
      const { answer, text } = await send(url, { method, headers, ...body, signal: deadline() });
      const { ok, status } = answer;
      if (ok) return parse(url, text, isComplete);
      const isPassing = status === 429 || status >= 500;
      if (!isPassing || attempt === maxTries) throw refusal(`${method} ${path}`, status, text);
      const seconds = pauseOf(answer) ?? firstPause * 2 ** (attempt - 1);
      if (seconds > maxPauseSeconds) {
        const problem = `${upstream} answers ${String(status)} and asks to wait ${String(seconds)} s; try again then`;
        throw new StartupError('environment', problem);
      }
      log(`${upstream} answers ${String(status)}; trying again in ${String(seconds)} s`);
      await sleep(seconds * 1000);
    }
  };

  function refusal(request: string, status: number, text: string): StartupError {
    const [line = ''] = text.slice(0, 300).split('\n');
    const problem = `${upstream} answers ${String(status)} to ${request}: ${line}`;
    // Documented: 422 where an asset is not found.
    const isMissing = status === 404 || status === 422;
    return new (isMissing ? NotFound : StartupError)('environment', problem);
  }
}

/** The seconds that `Retry-After` asks for: a number, or a date, by the server's own clock. */
function pauseOf({ headers }: Response): number | undefined {
  const told = headers.get('retry-after');
  if (told === null) return undefined;
  const until = Date.parse(told) - Date.parse(headers.get('date') ?? '');
  const seconds = /^\d+(\.\d+)?$/.test(told.trim()) ? Number(told) : Math.ceil(until / 1000);
  return Number.isNaN(seconds) ? undefined : Math.max(seconds, 0);
}

async function send(url: string, init: RequestInit & { signal: AbortSignal }) {
  try {
    const answer = await fetch(url, init);
    return { answer, text: await readText(answer) };
  } catch (error) {
    const { code, message } = ((error as Error).cause ?? error) as NodeJS.ErrnoException;
    // The error has no message if several addresses of a host were tried.
    const reason = message === '' ? String(code) : message;
    const told = init.signal.aborted ? 'the answer took too long' : reason;
    throw new StartupError('environment', `cannot read ${url}: ${told}`, { cause: error });
  }
}

async function readText({ body }: Response): Promise<string> {
  const decoder = new TextDecoder();
  let text = '';
  let bytes = 0;
  for await (const chunk of (body ?? []) as AsyncIterable<Uint8Array>) {
    bytes += chunk.length;
    if (bytes > maxBytes) throw new Error(`the answer has more than ${String(maxBytes)} bytes`);
    text += decoder.decode(chunk, { stream: true });
  }
  return text + decoder.decode();
}

function parse(url: string, text: string, isComplete: (body: Json) => boolean): Json {
  let body: unknown;
  try {
    body = JSON.parse(text);
  } catch (error) {
    throw new StartupError('environment', `${url} answers no JSON`, { cause: error });
  }
  const problem = findUnusable('', body);
  if (problem !== undefined) {
    throw new StartupError('environment', `${url} answers what is not used: ${problem}`);
  }
  if (isObject(body) && isComplete(body)) return body;
  throw new StartupError('environment', `${url} answers JSON, but not as the vendor does`);
}
