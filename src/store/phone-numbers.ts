import type { PhoneNumber, PhoneNumberContent } from '../domain/calls/phone-number.js';
import { cached } from '../bounded-cache.js';
import type { Caches } from './caches.js';
import { readEach, type Db } from './database/database.js';

export interface StoredPhoneNumber extends PhoneNumber {
  /** In the order of creation. */
  readonly position: number;
}

/** A page of the phone numbers of a workspace. */
export interface PhoneNumberPage {
  readonly workspaceId: number;
  /** The position of the last one before; undefined for the first page. */
  readonly after: number | undefined;
  /** All if undefined. */
  readonly limit: number | undefined;
  readonly order: 'ascending' | 'descending';
}

export interface PhoneNumberReader {
  find(workspaceId: number, number: string): StoredPhoneNumber | undefined;
  listPage(page: PhoneNumberPage): Iterable<StoredPhoneNumber>;
}

export interface PhoneNumberWriter extends PhoneNumberReader {
  insert(workspaceId: number, phoneNumber: PhoneNumber): void;
  change(workspaceId: number, phoneNumber: PhoneNumber): void;
  /** False if there is no such number. */
  delete(workspaceId: number, number: string): boolean;
}

interface Row {
  position: number;
  number: string;
  content: string;
  modifiedAt: number;
}

interface Written {
  workspaceId: number;
  number: string;
  content: string;
  modifiedAt: number;
}

const columns = 'number_key AS position, number, content, modified_at AS modifiedAt';

export function phoneNumberStore(db: Db, caches: Caches): PhoneNumberWriter {
  const insert = db.prepare<Written>(
    `INSERT INTO phone_numbers (workspace_id, number, content, modified_at)
     VALUES (:workspaceId, :number, :content, :modifiedAt)`,
  );
  const find = db.prepare<{ workspaceId: number; number: string }, Row>(
    `SELECT ${columns} FROM phone_numbers
     WHERE workspace_id = :workspaceId AND number = :number`,
  );
  const change = db.prepare<Written>(
    `UPDATE phone_numbers SET content = :content, modified_at = :modifiedAt
     WHERE workspace_id = :workspaceId AND number = :number`,
  );
  const remove = db.prepare<{ workspaceId: number; number: string }>(
    'DELETE FROM phone_numbers WHERE workspace_id = :workspaceId AND number = :number',
  );
  const prepareList = (comparison: '<' | '>', order: 'ASC' | 'DESC') =>
    db.prepare<{ workspaceId: number; after: number; limit: number }, Row>(
      `SELECT ${columns} FROM phone_numbers
       WHERE workspace_id = :workspaceId AND number_key ${comparison} :after
       ORDER BY number_key ${order} LIMIT :limit`,
    );
  const lists = {
    ascending: { statement: prepareList('>', 'ASC'), first: 0 },
    descending: { statement: prepareList('<', 'DESC'), first: Number.MAX_SAFE_INTEGER },
  };
  // hot path: each new call looks for its number, and most find none. Whoever writes one clears all.
  const known = caches.create<string, StoredPhoneNumber | 'none'>();
  const clearing =
    <Arguments extends unknown[], Result>(write: (...args: Arguments) => Result) =>
    (...args: Arguments): Result => {
      known.clear();
      return write(...args);
    };
  return {
    insert: clearing((workspaceId, phoneNumber) => insert.run(toRow(workspaceId, phoneNumber))),
    find(workspaceId, number) {
      const found = cached(known, `${String(workspaceId)} ${number}`, () => {
        const row = find.get({ workspaceId, number });
        return row === undefined ? 'none' : fromRow(row);
      });
      return found === 'none' ? undefined : found;
    },
    change: clearing((workspaceId, phoneNumber) => change.run(toRow(workspaceId, phoneNumber))),
    delete: clearing((workspaceId, number) => remove.run({ workspaceId, number }).changes > 0),
    listPage({ workspaceId, after, limit = -1, order }) {
      const { statement, first } = lists[order];
      const range = { workspaceId, after: after ?? first, limit };
      return readEach(() => statement.iterate(range), fromRow);
    },
  };
}

const toRow = (workspaceId: number, { number, content, modifiedAt }: PhoneNumber): Written => ({
  ...{ workspaceId, number, modifiedAt },
  content: JSON.stringify(content),
});

const fromRow = ({ content, ...row }: Row): StoredPhoneNumber => ({
  ...row,
  content: JSON.parse(content) as PhoneNumberContent,
});
