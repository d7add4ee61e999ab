/** `*` stands for any text, `?` for any character, everything else for itself. */
export function matchesGlob(glob: string, text: string): boolean {
  const escaped = glob.replaceAll(/[\\^$.+()[\]{}|]/g, '\\$&');
  return new RegExp(`^${escaped.replaceAll(/\*+/g, '.*').replaceAll('?', '.')}$`, 's').test(text);
}
