/**
 * The paths of this package's files. Only this module computes them, because it is in the same folder as
 * the bundles, so that relative paths are the same in both.
 */

/** The URL of a file by its path in the package. */
export const packageFile = (path: string): URL => new URL(`../${path}`, import.meta.url);

/** The URL of a file by its path in the folder of the code. */
export const codeFile = (path: string): URL => new URL(path, import.meta.url);
