import { longestText } from './words.js';

/** The most characters of a clause from a definition. */
const longestClause = 300;

/** The most characters of one entry. A client may send megabytes. */
export const longestEntry = 20_000;

/** A text of bounded length; an ellipsis marks the cut. */
export const shortened = (text: string, longest: number): string =>
  text.length <= longest ? text : `${text.slice(0, longest)}…`;

/**
 * Fills in variables; unknown ones stay as they are.
 * Documented (vendor's prompts): written as `{{name}}`.
 */
export function substitute(text: string, valueOf: (name: string) => string | undefined): string {
  let room = longestEntry;
  return text
    .slice(0, longestEntry + 1)
    .replaceAll(/\{\{\s*([\w.-]+)\s*\}\}/g, (whole, name: string) => {
      const value = (valueOf(name) ?? whole).slice(0, room);
      room -= value.length;
      return value;
    });
}

/** A text as a clause: one line of bounded length without a final stop. */
export function toClause(text: string): string {
  const line = withoutFinalStop(text.slice(0, longestText).replaceAll(/\s+/g, ' ').trim());
  return line.length <= longestClause ? line : `${line.slice(0, longestClause).trimEnd()}…`;
}

/** A regular expression would take quadratic time on many stops. */
function withoutFinalStop(text: string): string {
  let end = text.length;
  while (end > 0 && '.!?'.includes(text.charAt(end - 1))) end -= 1;
  return text.slice(0, end);
}
