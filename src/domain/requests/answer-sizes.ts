/** How large answers may be, in characters of JSON. The tests of large answers use smaller ones. */
const mebibyte = 1024 * 1024;

/** A page ends after so many: an item may have 5 MiB, and a page 1,000 items. */
export const maxOfPage = 32 * mebibyte;

/** A list without pages is refused if it has more. */
export const maxOfArray = 128 * mebibyte;

/** The most of an export. It is in memory as a whole, and one text. */
export const maxOfExport = 256 * mebibyte;

/** A part of an export ends after so many. A single item or batch may be larger; a load takes 64 MiB. */
export const maxOfPart = 16 * mebibyte;

/** What collects an answer yields to the event loop after so many. Most answers have fewer. */
export const sliceSize = mebibyte;
