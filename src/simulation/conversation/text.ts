import { maxTextLength } from './words.js';

/** The most characters of a clause from a definition. */
const maxClauseLength = 300;

/** The most characters of one entry. A client may send megabytes. */
export const maxEntryLength = 20_000;

/** A text of bounded length; an ellipsis marks the cut. */
export const shortened = (text: string, longest: number): string =>
  text.length <= longest ? text : `${text.slice(0, longest)}…`;

/**
 * Fills in variables; unknown ones stay as they are.
 * Documented (vendor's prompts): written as `{{name}}`.
 */
export function substitute(text: string, valueOf: (name: string) => string | undefined): string {
  let room = maxEntryLength;
  return text
    .slice(0, maxEntryLength + 1)
    .replaceAll(/\{\{\s*([\w.-]+)\s*\}\}/g, (whole, name: string) => {
      const value = (valueOf(name) ?? whole).slice(0, room);
      room -= value.length;
      return value;
    });
}

/** A text as a clause: one line of bounded length without a final stop. */
export function toClause(text: string): string {
  const line = withoutFinalStop(text.slice(0, maxTextLength).replaceAll(/\s+/g, ' ').trim());
  return line.length <= maxClauseLength ? line : `${line.slice(0, maxClauseLength).trimEnd()}…`;
}

/** A regular expression would take quadratic time on many stops. */
function withoutFinalStop(text: string): string {
  let end = text.length;
  while (end > 0 && '.!?'.includes(text.charAt(end - 1))) end -= 1;
  return text.slice(0, end);
}
