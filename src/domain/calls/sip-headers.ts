/** Documented: which headers of a call that comes in are told, besides all that begin with `x-`. */
const toldHeaders = ['user-to-user', 'diversion', 'history-info', 'p-asserted-identity'];

const isTold = (name: string): boolean => name.startsWith('x-') || toldHeaders.includes(name);

/** Documented: names in lower case. What the vendor does not tell is left out. */
export function readSipHeaders(headers: Readonly<Record<string, string>>): {
  readonly told: Readonly<Record<string, string>>;
  readonly leftOut: readonly string[];
} {
  const entries = Object.entries(headers).map(
    ([name, value]) => [name.toLowerCase(), value] as const,
  );
  return {
    told: Object.fromEntries(entries.filter(([name]) => isTold(name))),
    leftOut: entries.flatMap(([name]) => (isTold(name) ? [] : [name])),
  };
}

/** Documented: headers that begin with `x-` are dynamic variables, too. */
export const variablesOfHeaders = (
  told: Readonly<Record<string, string>>,
): Record<string, string> =>
  Object.fromEntries(Object.entries(told).filter(([name]) => name.startsWith('x-')));
