/** Replaces a credential. */
export const redacted = '[redacted]';

/** Matches names of credentials by their end, in lower case and with dashes. */
const secret =
  /(^|-)(auth|authentication)$|(authorization|cookie|secret|token|password|passwd|passphrase|credentials?|api-?key|(access|private|secret|signing|subscription|functions)-key|session-?id|signature)$/;

/** The same for headers and queries, where anything named key is nearly always a credential. */
const secretKey = /(^|-)key$/;
const harmlessKey = /^(x-)?idempotency-key$|^pagination-key$|^sec-websocket-key$/;

/** Gives `apiKey`, `api_key` and `X-Api-Key` one spelling. */
const plain = (name: string): string =>
  name
    .replaceAll(/([a-z\d])([A-Z])/g, '$1-$2')
    .replaceAll('_', '-')
    .toLowerCase();

export function isSecretHeader(name: string): boolean {
  const text = plain(name);
  return secret.test(text) || (secretKey.test(text) && !harmlessKey.test(text));
}

const isSecretProperty = (name: string): boolean => secret.test(plain(name));

/** Headers or a query without credentials. */
export const redactHeaders = (values: object): Record<string, unknown> =>
  Object.fromEntries(
    Object.entries(values).map(([name, value]) => [
      name,
      isSecretHeader(name) ? redacted : redactBody(value),
    ]),
  );

/** Properties whose value is headers or a query: those of custom tools and MCP servers. */
const ofHeaders = /^(custom-sip-)?headers$|^query-params$/;

/**
 * JSON without credentials: properties that are named like one, headers of tools, user and password
 * of a URL, and texts such as `Bearer …`.
 */
export function redactBody(value: unknown): unknown {
  if (typeof value === 'string') return redactText(value);
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map(redactBody);
  return Object.fromEntries(
    Object.entries(value).map(([name, child]) => [name, redactProperty(name, child)]),
  );
}

/** What may be shown of the value at a path of JSON, such as `body/tools/0/headers`. */
export function redactAt(path: string, value: unknown): unknown {
  const names = path.split('/');
  const name = names.at(-1) ?? '';
  if (value === undefined) return undefined;
  if (names.slice(0, -1).some(isSecretProperty)) return redacted;
  const isHeader = ofHeaders.test(plain(names.at(-2) ?? ''));
  return isHeader && isSecretHeader(name) ? redacted : redactProperty(name, value);
}

/** What a property may show. Whether there is a secret is none. */
function redactProperty(name: string, value: unknown): unknown {
  if (value === null || typeof value === 'boolean') return value;
  if (isSecretProperty(name)) return redacted;
  const holdsHeaders = typeof value === 'object' && !Array.isArray(value);
  return holdsHeaders && ofHeaders.test(plain(name)) ? redactHeaders(value) : redactBody(value);
}

function redactText(text: string): string {
  if (/^(bearer|basic) +\S/i.test(text)) return redacted;
  if (!/^\w+:\/\//.test(text)) return text;
  return text
    .replace(/^(\w+:\/\/)[^/?#@\s]+@/, `$1${redacted}@`)
    .replaceAll(/([?&]([^=&#?\s]+)=)[^&#\s]*/g, (part, start: string, name: string) =>
      isSecretHeader(name) ? start + redacted : part,
    );
}
