import { longestText } from './words.js';

/** Longest part of a definition's text to put into one entry. */
const longestClause = 300;

/** Characters of one entry. A client may send megabytes, which nobody says. */
export const longestEntry = 20_000;

/** A text of bounded length, with a mark where something was left out. */
export const shortened = (text: string, longest: number): string =>
  text.length <= longest ? text : `${text.slice(0, longest)}…`;

/**
 * Fills variables in; those that are not known stay as they are.
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

/** A text as part of a sentence: one line, of bounded length, without its final stop. */
export function toClause(text: string): string {
  const line = withoutFinalStop(text.slice(0, longestText).replaceAll(/\s+/g, ' ').trim());
  return line.length <= longestClause ? line : `${line.slice(0, longestClause).trimEnd()}…`;
}

/** Not by a pattern: it would look at a run of stops again from each of them. */
function withoutFinalStop(text: string): string {
  let end = text.length;
  while (end > 0 && '.!?'.includes(text.charAt(end - 1))) end -= 1;
  return text.slice(0, end);
}
