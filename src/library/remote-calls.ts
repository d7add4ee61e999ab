import { request, type IncomingMessage } from 'node:http';
import { text } from 'node:stream/consumers';
import { loadContract } from '../contract/document.js';
import { readApiError } from '../errors.js';
import type { Call } from './open-workspace.js';

interface Remote {
  readonly url: string;
  readonly apiKey: string;
  /** The emulator's control token; undefined if it requires none. */
  readonly controlToken: string | undefined;
}

/**
 * Returns a function that calls operations of the control contract in another process, for the workspace of a
 * key. It uses `node:http`, because tests often replace `fetch`.
 */
export function remoteCaller({ url, apiKey, controlToken = apiKey }: Remote): Call {
  const { operations } = loadContract('control');
  const call = async (id: string, { params = {}, query = {}, body }: RemoteRequest) => {
    const operation = operations.find((candidate) => candidate.id === id);
    if (operation === undefined) throw new Error(`there is no operation ${id}`);
    const path = operation.path.replaceAll(/\{(\w+)\}/g, (_, name: string) =>
      encodeURIComponent(params[name] ?? ''),
    );
    const target = new URL(path, url);
    for (const [name, value] of Object.entries(query)) {
      if (value !== undefined) target.searchParams.append(name, String(value));
    }
    const response = await send(target, {
      method: operation.method.toUpperCase(),
      headers: {
        authorization: `Bearer ${controlToken}`,
        'x-emulator-api-key': apiKey,
        ...(body !== undefined && { 'content-type': 'application/json' }),
      },
      body: body === undefined ? '' : JSON.stringify(body),
    });
    const answer = await text(response);
    const { statusCode = 500 } = response;
    if (statusCode >= 400) throw readApiError(statusCode, messageIn(answer));
    return answer === '' ? undefined : (JSON.parse(answer) as unknown);
  };
  // By id. The contract says that each operation gives an answer of its own type.
  return call as unknown as Call;
}

interface RemoteRequest {
  readonly params?: Readonly<Record<string, string>>;
  readonly query?: Readonly<Record<string, string | number | undefined>>;
  readonly body?: unknown;
}

interface Sent {
  readonly method: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

const send = (url: URL, { body, ...options }: Sent): Promise<IncomingMessage> =>
  new Promise((resolve, reject) => {
    request(url, options, resolve).once('error', reject).end(body);
  });

function messageIn(answer: string): string {
  try {
    return (JSON.parse(answer) as { message: string }).message;
  } catch {
    return answer;
  }
}
