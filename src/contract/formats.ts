/** A format of texts that JSON Schema does not know. */
export interface TextFormat {
  readonly accepts: (text: string) => boolean;
  /** What a text of it is, to go on from "must be". */
  readonly allowed: string;
}

export type TextFormats = Readonly<Record<string, TextFormat>>;

/** A dynamic variable in a text, which has its value only in a call. */
const variable = /\{\{[^{}]*\}\}/g;

/**
 * A URL of the web, in which dynamic variables stand for what is not known yet: where they stand
 * first, nothing can be said of it.
 */
function isTemplatedUrl(text: string): boolean {
  if (/^\{\{[^{}]*\}\}/.test(text)) return true;
  const filled = text.replaceAll(variable, '1');
  return /^(?:https?|wss?):\/\//i.test(filled) && URL.canParse(filled);
}

/** Formats of the vendor's texts. */
export const vendorFormats: TextFormats = {
  'templated-url': {
    accepts: isTemplatedUrl,
    allowed: 'a URL such as https://example.com/hook, in which {{variables}} may stand',
  },
};
