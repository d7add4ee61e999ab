/** Rows that have been read, by id and by name; a bounded number of them. */
export interface RowCache<Row> {
  byId(id: number): Row | undefined;
  byName(name: string): Row | undefined;
  put(id: number, name: string, row: Row): Row;
  forget(id: number): void;
  readonly clear: () => void;
}

/** Rows to remember. */
const most = 1000;

export function rowCache<Row>(): RowCache<Row> {
  const rows = new Map<number, { readonly name: string; readonly row: Row }>();
  const ids = new Map<string, number>();
  const clear = (): void => {
    rows.clear();
    ids.clear();
  };
  return {
    byId: (id) => rows.get(id)?.row,
    byName(name) {
      const id = ids.get(name);
      return id === undefined ? undefined : rows.get(id)?.row;
    },
    put(id, name, row) {
      if (rows.size >= most) clear();
      rows.set(id, { name, row });
      ids.set(name, id);
      return row;
    },
    forget(id) {
      const known = rows.get(id);
      if (known === undefined) return;
      rows.delete(id);
      ids.delete(known.name);
    },
    clear,
  };
}
