/** Warnings of one kind for one request. */
const mostWarnings = 100;

/** The first of them, with a last one that says so if there are more. */
export function firstWarnings(found: Iterable<string>): string[] {
  const warnings: string[] = [];
  for (const warning of found) {
    if (warnings.length === mostWarnings) {
      return [...warnings, `there are more warnings than these ${String(mostWarnings)}`];
    }
    warnings.push(shortened(warning));
  }
  return warnings;
}

/** Characters of a warning: what it names may be of any length. */
const longestWarning = 1000;

const shortened = (text: string): string =>
  text.length <= longestWarning ? text : `${text.slice(0, longestWarning)}…`;
