/** Reads CSV (RFC 4180): rows of fields, of which some are quoted. Empty lines are left out. */
export function parseCsv(text: string): string[][] {
  const rows: string[][] = [];
  let row: string[] = [];
  const field = /(?:"((?:[^"]|"")*)"|([^",\r\n]*))(,|\r\n|\n|\r|$)/y;
  const source = text.replace(/^\uFEFF/, '');
  while (field.lastIndex < source.length) {
    const start = field.lastIndex;
    const [, quoted, plain = '', end = ''] = field.exec(source) ?? [];
    if (field.lastIndex === 0) {
      // A quote where none may be: the rest of the line is not read.
      field.lastIndex = source.indexOf('\n', start) + 1 || source.length;
      row = [];
      continue;
    }
    row.push(quoted === undefined ? plain : quoted.replaceAll('""', '"'));
    if (end === ',' && field.lastIndex < source.length) continue;
    if (end === ',') row.push('');
    if (row.some((value) => value !== '')) rows.push(row);
    row = [];
  }
  return rows;
}
