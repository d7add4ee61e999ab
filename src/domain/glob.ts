/**
 * `*` matches any text, `?` any character, everything else itself.
 *
 * Each part between two stars is matched where it is found first, which leaves the most text for the next
 * parts: no backtracking is needed. The contract bounds a glob to 500 characters, so that the worst text
 * costs at most 500 comparisons for each of its characters.
 */
export function matchesGlob(glob: string, text: string): boolean {
  const parts = glob.split('*');
  const [first = ''] = parts;
  if (parts.length === 1) return first.length === text.length && isAt(first, text, 0);
  const last = parts.at(-1) ?? '';
  const end = text.length - last.length;
  if (first.length > end || !isAt(first, text, 0) || !isAt(last, text, end)) return false;
  let from = first.length;
  for (const part of parts.slice(1, -1)) {
    const at = find(part, text, from);
    if (at === -1) return false;
    from = at + part.length;
  }
  return from <= end;
}

/** The first index at which a part matches; -1 if there is none. */
function find(part: string, text: string, from: number): number {
  if (!part.includes('?')) return text.indexOf(part, from);
  for (let at = from; at + part.length <= text.length; at += 1) {
    if (isAt(part, text, at)) return at;
  }
  return -1;
}

function isAt(part: string, text: string, at: number): boolean {
  if (!part.includes('?')) return text.startsWith(part, at);
  for (let index = 0; index < part.length; index += 1) {
    if (part[index] !== '?' && part[index] !== text[at + index]) return false;
  }
  return true;
}
