/** The most warnings of one kind for one request. */
const maxWarnings = 100;

/** The first warnings; the last one says if there are more. */
export function firstWarnings(found: Iterable<string>): string[] {
  const warnings: string[] = [];
  for (const warning of found) {
    if (warnings.length === maxWarnings) {
      return [...warnings, `there are more warnings than these ${String(maxWarnings)}`];
    }
    warnings.push(shortened(warning));
  }
  return warnings;
}

/** The most characters of a warning, because it may name something of any length. */
const maxWarningLength = 1000;

const shortened = (text: string): string =>
  text.length <= maxWarningLength ? text : `${text.slice(0, maxWarningLength)}…`;
