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
  const byId = new Map<number, { readonly name: string; readonly row: Row }>();
  const byName = new Map<string, Row>();
  const clear = (): void => {
    byId.clear();
    byName.clear();
  };
  return {
    byId: (id) => byId.get(id)?.row,
    byName: (name) => byName.get(name),
    put(id, name, row) {
      if (byId.size >= most) clear();
      byId.set(id, { name, row });
      byName.set(name, row);
      return row;
    },
    forget(id) {
      const known = byId.get(id);
      if (known === undefined) return;
      byId.delete(id);
      byName.delete(known.name);
    },
    clear,
  };
}
