import type { Agent as HttpAgent, ClientRequest, IncomingMessage } from 'node:http';
import { stopwatch, type Clock } from '../workspace/clock.js';
import type { Destination, FindDestination, Refusal } from './destination.js';
import { fixedLookup } from './fixed-lookup.js';

// Fetched and not imported: an import reads every export of node:http (see errors.ts).
const { Agent, request: httpRequest } = process.getBuiltinModule('node:http');

export interface OutboundRequest {
  /** POST if absent. */
  readonly method?: string;
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | Buffer;
  /** Milliseconds of the machine's clock until the answer must be over. */
  readonly timeout: number;
  /** Bytes of the answer that are read; the connection is closed if there are more. */
  readonly maxAnswerBytes?: number;
  /** Told of the answer's status as soon as it is there, before its body. */
  readonly onStatus?: (status: number) => void;
}

/** What came of a request that was sent. */
export interface Sent {
  /** Where it was sent to, after rewriting. */
  readonly target: string;
  /** Undefined if no answer came. */
  readonly status: number | undefined;
  /** The first characters of the answer's body. */
  readonly body: string;
  /** Why there is no answer, or only a part of it. */
  readonly error: string | undefined;
  /** True if the answer was longer than what is read of it. */
  readonly isCut: boolean;
  /** Milliseconds of the machine's clock, with fractions. */
  readonly latency: number;
}

/**
 * Everything that the emulator sends by itself goes through here: to this machine, and to the hosts that
 * were allowed. Redirects are not followed, and no proxy is used.
 */
export interface Sender {
  send(request: OutboundRequest): Promise<Sent | Refusal>;
  /** Breaks off what is under way, and sends nothing any more. */
  close(): void;
}

/** Of answers whose content decides nothing. */
const defaultMaxAnswerBytes = 16 * 1024;

/** Answers such as `103 Early Hints` that may come before the one that counts. */
const maxInterimAnswers = 100;

/** Turns of the event loop for which a connection is kept that nobody uses. */
const idleTurns = 5;

type RequestFunction = typeof httpRequest;

interface Transport {
  readonly agent: HttpAgent;
  readonly request: RequestFunction;
}

export function createSender(clock: Clock, findDestination: FindDestination): Sender {
  const transports = openTransports();
  const underWay = new Set<ClientRequest>();
  let isClosed = false;

  /**
   * A receiver may close a connection that is idle just when the next request uses it. But what follows at
   * once, when the result of this request was stored, gets the same connection.
   */
  async function closeIdleSoon(): Promise<void> {
    for (let turn = 0; turn < idleTurns; turn += 1) await clock.turn();
    if (underWay.size === 0) transports.closeIdle();
  }

  return {
    async send(outbound) {
      const destination = findDestination(outbound.url);
      if ('refused' in destination) return destination;
      const transport = await transports.for(destination.url);
      if (isClosed) return failed(destination, 'the emulator was closed');
      let request: ClientRequest;
      try {
        request = startRequest(transport, destination, outbound);
      } catch (error) {
        // Node refuses names and values of headers that HTTP does not allow.
        return failed(destination, describe(error as Error));
      }
      underWay.add(request);
      const sent = await finish(clock, request, destination, outbound);
      underWay.delete(request);
      if (underWay.size === 0) void closeIdleSoon();
      return sent;
    },
    close() {
      isClosed = true;
      for (const request of underWay) request.destroy(new Error('the emulator was closed'));
      transports.closeIdle();
    },
  };
}

/** Connections are used again while others are under way. */
function openTransports() {
  const options = { keepAlive: true };
  const http: Transport = { agent: new Agent(options), request: httpRequest };
  const agents = [http.agent];
  let https: Promise<Transport> | undefined;
  const openHttps = async (): Promise<Transport> => {
    const module = await import('node:https');
    const agent = new module.Agent(options);
    agents.push(agent);
    return { agent, request: module.request };
  };
  return {
    /** TLS takes a while to load. */
    for: ({ protocol }: URL): Transport | Promise<Transport> =>
      protocol === 'http:' ? http : (https ??= openHttps()),
    closeIdle(): void {
      for (const agent of agents) agent.destroy();
    },
  };
}

function startRequest(
  { agent, request }: Transport,
  { url, addresses }: Destination,
  { method = 'POST', headers, body }: OutboundRequest,
): ClientRequest {
  const hasBody = method !== 'GET' && method !== 'DELETE';
  return request(url, {
    method,
    agent,
    headers: {
      ...headers,
      ...(hasBody && { 'content-length': String(Buffer.byteLength(body)) }),
    },
    // What is connected to is what was checked: the name is not resolved a second time.
    ...(addresses !== undefined && { lookup: fixedLookup(addresses), autoSelectFamily: true }),
  });
}

/** Resolves when the answer is over, was cut, or did not come. */
function finish(
  clock: Clock,
  request: ClientRequest,
  { url }: Destination,
  { body, timeout, onStatus, maxAnswerBytes = defaultMaxAnswerBytes }: OutboundRequest,
): Promise<Sent> {
  const start = stopwatch();
  const answer = { status: undefined as number | undefined, chunks: [] as Buffer[], size: 0 };
  return new Promise((resolve) => {
    let timedOut: string | undefined;
    // Called more than once where a connection breaks; the first call counts.
    const end = (error: string | undefined): void => {
      timer.cancel();
      const { status, chunks } = answer;
      const text = Buffer.concat(chunks).toString('utf8', 0, maxAnswerBytes);
      const latency = stopwatch() - start;
      const isCut = answer.size > maxAnswerBytes;
      resolve({ target: url.href, status, body: text, error: timedOut ?? error, isCut, latency });
    };
    const timer = clock.wakeAt(clock.now() + timeout, () => {
      timedOut = `the answer was not over after ${String(timeout)} ms`;
      request.destroy(new Error(timedOut));
    });
    request.on('error', (error) => {
      end(describe(error));
    });
    // Node tells of no error if the receiver changes the protocol, for example.
    request.on('close', () => {
      if (answer.status === undefined) end('the connection was closed without an answer');
    });
    let interimAnswers = 0;
    request.on('information', () => {
      interimAnswers += 1;
      if (interimAnswers <= maxInterimAnswers) return;
      request.destroy(
        new Error(`there were more than ${String(maxInterimAnswers)} answers of 1xx`),
      );
    });
    request.on('response', (response) => {
      answer.status = response.statusCode;
      if (answer.status !== undefined) onStatus?.(answer.status);
      readAnswer(response, answer, maxAnswerBytes, end);
    });
    request.end(body);
  });
}

/** Calls `end` with why the body did not come whole; undefined if it did. */
function readAnswer(
  response: IncomingMessage,
  answer: { readonly chunks: Buffer[]; size: number },
  maxAnswerBytes: number,
  end: (error: string | undefined) => void,
): void {
  response.on('data', (chunk: Buffer) => {
    answer.size += chunk.length;
    answer.chunks.push(chunk);
    if (answer.size <= maxAnswerBytes) return;
    end(`the answer was cut after ${String(maxAnswerBytes)} bytes`);
    response.destroy();
  });
  response.on('end', () => {
    end(undefined);
  });
  response.on('error', (error) => {
    end(describe(error));
  });
  response.on('close', () => {
    end('the connection was closed within the answer');
  });
}

const failed = ({ url }: Destination, error: string): Sent => ({
  target: url.href,
  status: undefined,
  body: '',
  error,
  isCut: false,
  latency: 0,
});

/** Errors of several addresses are one, without words of its own. */
function describe(error: Error): string {
  const causes = error instanceof AggregateError ? (error.errors as Error[]) : [error];
  return causes.map(({ message }) => message).join('; ');
}
