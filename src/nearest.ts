import leven from 'leven';

/** The least similarity that counts: half of the longer text's characters are alike. */
const leastSimilarity = 0.5;

/** The longest text that is compared: the cost rises with its length, and clients choose it. */
const longestText = 200;

/** The candidate that a text is most like, letter case aside; undefined if none is like it. */
export function nearestOf(text: string, candidates: Iterable<string>): string | undefined {
  if (text.length > longestText) return undefined;
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

/** ` (did you mean "port"?)`, to go behind what is not known; empty if nothing is like it. */
export function suggestion(text: string, candidates: Iterable<string>): string {
  const nearest = nearestOf(text, candidates);
  return nearest === undefined ? '' : ` (did you mean "${nearest}"?)`;
}
