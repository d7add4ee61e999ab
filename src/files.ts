/**
 * Where this package's files are. Told by this module alone, because it stands at the top of the
 * code, as the bundle of the command does.
 */

/** A file of the package, by its path there. */
export const packageFile = (path: string): URL => new URL(`../${path}`, import.meta.url);

/** A file that stands with the code, by its path there. */
export const codeFile = (path: string): URL => new URL(path, import.meta.url);
