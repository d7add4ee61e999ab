import type * as Http from 'node:http';
import type * as Https from 'node:https';
import { describeUnreachable, isVendor, type CurrentTarget, type Target } from './target.js';

type Options = Https.RequestOptions;
type OnResponse = (response: Http.IncomingMessage) => void;
/** `request` and `get` of both modules. */
type Send = (...args: unknown[]) => Http.ClientRequest;

/**
 * Replaces `request` and `get` of `node:http` and `node:https`. Node has no hook for this: an agent of the client's
 * own, as the vendor's SDK 4 has, would pass by the global agent.
 * @returns a function that restores them.
 */
export function redirectNodeHttp(currentTarget: CurrentTarget): () => void {
  const restore = ['node:http' as const, 'node:https' as const].flatMap((name) => {
    const module = process.getBuiltinModule(name) as unknown as Record<'request' | 'get', Send>;
    const send = (method: 'request' | 'get') => {
      const original = module[method];
      const replacement: Send = (...args) => {
        const target = currentTarget();
        const call = target && readCall(args);
        if (target === undefined || call === undefined) return original(...args);
        const request = sendTo(target, call.options, call.onResponse);
        if (method === 'get') request.end();
        return request;
      };
      module[method] = replacement;
      return () => {
        if (module[method] === replacement) module[method] = original;
      };
    };
    return [send('request'), send('get')];
  });
  const { syncBuiltinESMExports } = process.getBuiltinModule('node:module');
  // Without this, `import { request } from 'node:https'` would keep the former ones.
  syncBuiltinESMExports();
  return () => {
    for (const undo of restore) undo();
    syncBuiltinESMExports();
  };
}

/** Reads the arguments of a request for the vendor, as Node does; undefined if it is for another host. */
function readCall(args: readonly unknown[]) {
  const [first, second, third] = args;
  const url = urlOf(first);
  const given = url === undefined ? first : second;
  const onResponse = [second, third].find((one) => typeof one === 'function');
  const options: Options = {
    ...(url && process.getBuiltinModule('node:url').urlToHttpOptions(url)),
    ...(typeof given === 'object' ? given : undefined),
  };
  if ((options.socketPath ?? undefined) !== undefined) return undefined;
  const throughProxy = /^https?:\/\//i.test(options.path ?? '') ? urlOf(options.path) : undefined;
  const host = throughProxy?.hostname ?? options.hostname ?? options.host ?? 'localhost';
  if (!isVendor(host)) return undefined;
  const path = throughProxy && `${throughProxy.pathname}${throughProxy.search}`;
  return {
    options: { ...options, ...(path !== undefined && { path }) },
    onResponse: onResponse as OnResponse | undefined,
  };
}

function urlOf(value: unknown): URL | undefined {
  if (value instanceof URL) return value;
  return typeof value === 'string' && URL.canParse(value) ? new URL(value) : undefined;
}

/** Options about the connection to the vendor, which would be wrong for the emulator. */
const connectionOptions: readonly string[] = [
  ...['agent', 'createConnection', 'defaultPort', 'family', 'hints', 'localAddress', 'localPort'],
  ...['lookup', 'servername'],
];

function sendTo(
  target: Target,
  options: Options,
  onResponse: OnResponse | undefined,
): Http.ClientRequest {
  const { protocol, hostname, port } = target.url;
  const kept = Object.entries(options).filter(([name]) => !connectionOptions.includes(name));
  const host = hostname.replaceAll(/[[\]]/g, '');
  target.agent ??= createAgent(target);
  return moduleFor(target).request(
    { ...Object.fromEntries(kept), protocol, hostname: host, host, port, agent: target.agent },
    onResponse,
  );
}

/** Creates an agent whose connections say in their errors that the emulator cannot be reached. */
function createAgent(target: Target): Http.Agent {
  const agent = new (moduleFor(target).Agent)({ keepAlive: true });
  const createConnection = agent.createConnection.bind(agent);
  agent.createConnection = (...args) => {
    const stream = createConnection(...args);
    const describe = (error: Error): void => {
      describeUnreachable(error, target);
    };
    // Comes before the listener of the request.
    stream?.on('error', describe).once('connect', () => stream.off('error', describe));
    return stream;
  };
  return agent;
}

const moduleFor = ({ url: { protocol } }: Target) =>
  process.getBuiltinModule(protocol === 'https:' ? 'node:https' : 'node:http');
