import { isIP } from 'node:net';
import { boundedCache, cached } from '../bounded-cache.js';
import { isLoopback } from '../loopback.js';

/** Where a request may go: the URL to send it to. */
export interface Destination {
  readonly url: URL;
  /** The only addresses that may be connected to; undefined for any that the name resolves to. */
  readonly addresses: readonly string[] | undefined;
}

/** Why a request is not sent. */
export interface Refusal {
  readonly refused: string;
}

/** Says for each URL where a request to it goes, or why it is not sent. */
export type FindDestination = (url: string) => Destination | Refusal;

/** A host name, or `*.` and one for every name below it. */
export interface HostPattern {
  readonly host: string;
  readonly isWildcard: boolean;
}

/** Requests to URLs that begin like `from` go to `to`. */
export interface Rewrite {
  /** Undefined for every URL. */
  readonly from: { readonly url: URL; readonly host: HostPattern } | undefined;
  readonly to: URL;
}

/** Where requests may go besides this machine, and which go elsewhere than they say. */
export interface OutboundRules {
  readonly allow: readonly HostPattern[];
  readonly rewrites: readonly Rewrite[];
}

/**
 * Requests go to this very machine, and to no other host that was not named: an agent that came from a
 * real account must never call production. No name is resolved to find that out, because the question to
 * the name server would leave the machine, and its next answer may be another one.
 */
export function destinationFinder({ allow, rewrites }: OutboundRules): FindDestination {
  // Whoever names a host to rewrite to wants requests to go there.
  const allowed = [...allow, ...rewrites.map(({ to }) => exactly(hostOf(to)))];
  // hot path: many webhooks go to one URL. Nothing makes an entry stale: the rules do not change.
  const known = boundedCache<string, Destination | Refusal>();
  const find: FindDestination = (text) => {
    const given = httpUrlOf(text);
    if (given === undefined) return { refused: 'it is not an http or https URL' };
    const url = rewriteUrl(given, rewrites);
    const host = hostOf(url);
    // Documented (RFC 6761, 6.3): names of this machine have these addresses, without asking a name server.
    if (isLoopback(host)) return { url, addresses: isIP(host) > 0 ? [host] : ['127.0.0.1', '::1'] };
    if (!allowed.some((pattern) => matchesHost(pattern, host))) {
      return { refused: `${host} is not this machine, and was not allowed by webhookAllow` };
    }
    return { url, addresses: isIP(host) === 0 ? undefined : [host] };
  };
  return (text) => cached(known, text, () => find(text));
}

/** Reads `app`, `hooks.example.com`, `*.example.com` or an address. @returns undefined if it is none. */
export function parseHostPattern(text: string): HostPattern | undefined {
  const isWildcard = text.startsWith('*.');
  const name = isWildcard ? text.slice(2) : text;
  const isName = isIP(name) === 6 || !/[\s/?#@*:\\]/.test(name);
  const url = isName ? httpUrlOf(`http://${bracketed(name)}/`) : undefined;
  if (url === undefined) return undefined;
  const host = hostOf(url);
  return isWildcard && isIP(host) > 0 ? undefined : { host, isWildcard };
}

/**
 * Reads `https://app.example=http://127.0.0.1:3000`; what is before the `=` may have a path, a host such as
 * `*.example`, or be `*` for every URL.
 * @returns undefined if it is not of that form.
 */
export function parseRewrite(text: string): Rewrite | undefined {
  const [, from = '', to = ''] = /^([^=]+)=(https?:\/\/.+)$/i.exec(text) ?? [];
  const target = serverOf(to);
  if (target === undefined) return undefined;
  if (from === '*') return { from: undefined, to: target };
  const source = serverOf(from.replace('://*.', '://'));
  if (source === undefined) return undefined;
  const isWildcard = from.includes('://*.');
  return { from: { url: source, host: { host: hostOf(source), isWildcard } }, to: target };
}

/** The URL of a server, which says nothing that a request would have to send along. */
function serverOf(text: string): URL | undefined {
  const url = text.includes('*') ? undefined : httpUrlOf(text);
  if (url === undefined) return undefined;
  return url.username + url.password + url.search + url.hash === '' ? url : undefined;
}

/** The rest of the path, and the query, stay. The first rewrite that fits counts. */
function rewriteUrl(url: URL, rewrites: readonly Rewrite[]): URL {
  const rewrite = rewrites.find(({ from }) => from === undefined || beginsLike(url, from));
  if (rewrite === undefined) return url;
  const { from, to } = rewrite;
  const rewritten = new URL(to);
  const rest = url.pathname.slice(pathPrefixOf(from?.url).length);
  rewritten.pathname = `${pathPrefixOf(to)}${rest}` || '/';
  rewritten.search = url.search;
  return rewritten;
}

function beginsLike(url: URL, from: NonNullable<Rewrite['from']>): boolean {
  const prefix = pathPrefixOf(from.url);
  return (
    url.protocol === from.url.protocol &&
    url.port === from.url.port &&
    matchesHost(from.host, hostOf(url)) &&
    (url.pathname === prefix || url.pathname.startsWith(`${prefix}/`))
  );
}

/** A path without a slash at its end. */
const pathPrefixOf = (url: URL | undefined): string => (url?.pathname ?? '').replace(/\/$/, '');

const matchesHost = (pattern: HostPattern, host: string): boolean =>
  pattern.isWildcard ? host.endsWith(`.${pattern.host}`) : host === pattern.host;

const exactly = (host: string): HostPattern => ({ host, isWildcard: false });

/** In lower case, which the URL parser sees to; without brackets and without a dot at the end. */
const hostOf = ({ hostname }: URL): string =>
  hostname.replace(/^\[(.*)\]$/, '$1').replace(/\.$/, '');

const bracketed = (name: string): string => (isIP(name) === 6 ? `[${name}]` : name);

function httpUrlOf(text: string): URL | undefined {
  if (!URL.canParse(text)) return undefined;
  const url = new URL(text);
  return /^https?:$/.test(url.protocol) && hostOf(url) !== '' ? url : undefined;
}
