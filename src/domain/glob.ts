/**
 * `*` stands for any text, `?` for any character, everything else for itself. Only the last `*`
 * is tried again, because what stands before it matched as early as it could.
 */
export function matchesGlob(glob: string, text: string): boolean {
  let at = 0;
  let [star, retryFrom] = [-1, 0];
  for (let place = 0; place < text.length;) {
    if (glob[at] === '*') {
      [star, retryFrom] = [at, place];
      at += 1;
    } else if (glob[at] === '?' || glob[at] === text[place]) {
      at += 1;
      place += 1;
    } else if (star === -1) {
      return false;
    } else {
      retryFrom += 1;
      [at, place] = [star + 1, retryFrom];
    }
  }
  return /^\**$/.test(glob.slice(at));
}
