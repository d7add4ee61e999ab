/** A format of strings that JSON Schema does not have. */
export interface TextFormat {
  readonly accepts: (text: string) => boolean;
  /** What is allowed, for messages that begin with "must be". */
  readonly allowed: string;
}

export type TextFormats = Readonly<Record<string, TextFormat>>;

/** A dynamic variable, which gets its value only in a call. */
const variable = /\{\{[^{}]*\}\}/g;

/**
 * True for a web URL that may contain dynamic variables. If it begins with a variable, any rest is accepted,
 * because the variable may be a whole URL.
 */
export function isTemplatedUrl(text: string): boolean {
  if (/^\{\{[^{}]*\}\}/.test(text)) return true;
  const filled = text.replaceAll(variable, '1');
  return /^(?:https?|wss?):\/\//i.test(filled) && URL.canParse(filled);
}

/** The formats of strings in the vendor's contract. */
export const vendorFormats: TextFormats = {
  'templated-url': {
    accepts: isTemplatedUrl,
    allowed: 'a URL such as https://example.com/hook, which may contain {{variables}}',
  },
};
