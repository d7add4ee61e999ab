import leven from 'leven';

/** The lowest similarity for a suggestion: half of the longer text's characters are equal. */
const leastSimilarity = 0.5;

/** The longest text that is compared, because the cost rises with the length and clients choose the text. */
const maxTextLength = 200;

/** The most similar candidate, ignoring case; undefined if none is similar enough. */
export function nearestOf(text: string, candidates: Iterable<string>): string | undefined {
  if (text.length > maxTextLength) return undefined;
  const wanted = text.toLowerCase();
  let nearest: string | undefined;
  let greatest = leastSimilarity;
  for (const candidate of candidates) {
    const length = Math.max(wanted.length, candidate.length, 1);
    const similarity = 1 - leven(wanted, candidate.toLowerCase(), { maxDistance: length }) / length;
    if (similarity < greatest || (similarity === greatest && nearest !== undefined)) continue;
    nearest = candidate;
    greatest = similarity;
  }
  return nearest;
}

/** A suggestion such as ` (did you mean "port"?)`; empty if no candidate is similar enough. */
export function suggestion(text: string, candidates: Iterable<string>): string {
  const nearest = nearestOf(text, candidates);
  return nearest === undefined ? '' : ` (did you mean "${nearest}"?)`;
}
