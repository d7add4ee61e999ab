/** What is kept of a file in a form, once it was read. */
export interface UploadedFile {
  readonly filename: string;
  readonly contentType: string;
  /** In bytes. */
  readonly size: number;
  readonly sha256: string;
  /** The content as text, unless the file is large. Not enumerable: only the operation sees it. */
  readonly text?: string;
}

/**
 * The files of a form. The contract has a text for each, as forms have it; the parser of forms has put this in
 * its place.
 */
export const uploadedFiles = (
  files: readonly string[] | string | undefined,
): readonly UploadedFile[] => [files ?? []].flat() as unknown as readonly UploadedFile[];
