import { required, type Db } from './database.js';

/**
 * The places where what is in the inbox lies, several to each. Those of the fillings before this one
 * are written over, one after the other, so that a commit changes one page only.
 */
export interface Places<Entry> {
  /** Lays what was accepted into the next place. */
  add(entries: readonly Entry[]): void;
  /** What lies there, in the order in which it came. */
  list(): Entry[];
  /** Begins another filling: what lies there does not count any more. */
  clear(): void;
  /** Reads anew where to go on: to be called when something was undone. */
  forget(): void;
}

/** Bytes of a place that stay in the file when the inbox is emptied: what takes pages of its own goes. */
const mostToStay = 4000;

/** Where to write next. */
interface NextPlace {
  readonly place: number;
  readonly filling: number;
}

export function placesOf<Entry>(db: Db): Places<Entry> {
  const put = db.prepare<NextPlace & { batches: string }>(
    `INSERT INTO inbox (place, filling, batches) VALUES (:place, :filling, :batches)
     ON CONFLICT (place) DO UPDATE SET filling = :filling, batches = :batches`,
  );
  const present = 'filling = (SELECT filling FROM inbox WHERE place = 0)';
  const list = db
    .prepare<[], string>(`SELECT batches FROM inbox WHERE ${present} ORDER BY place`)
    .pluck();
  const findNext = db.prepare<[], NextPlace>(
    `SELECT MAX(place) + 1 AS place, filling FROM inbox WHERE ${present}`,
  );
  const setFilling = db.prepare<{ filling: number }>(
    'UPDATE inbox SET filling = :filling WHERE place = 0',
  );
  // Only of those that this filling has written: there may be hundreds, and a poll waits for this.
  const deleteLong = db.prepare<{ place: number; mostToStay: number }>(
    `DELETE FROM inbox
     WHERE place > 0 AND place < :place AND octet_length(batches) > :mostToStay`,
  );
  let next: NextPlace | undefined;
  /** All places are looked at to read it. */
  const whereNext = (): NextPlace => (next ??= required(findNext.get()));
  return {
    add(entries) {
      const { place, filling } = whereNext();
      put.run({ place, filling, batches: JSON.stringify(entries) });
      next = { place: place + 1, filling };
    },
    list: () => list.all().flatMap((batches) => JSON.parse(batches) as Entry[]),
    clear() {
      const { place, filling } = whereNext();
      setFilling.run({ filling: filling + 1 });
      deleteLong.run({ place, mostToStay });
      next = { place: 1, filling: filling + 1 };
    },
    forget() {
      next = undefined;
    },
  };
}
