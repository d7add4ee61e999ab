import type { Db } from './database/database.js';

/** What there was with a phone number. */
export interface Contacted {
  readonly number: string;
  readonly count: number;
  /** When the last call began. */
  readonly last: number;
}

/** The phone calls of a workspace by the number of the other side. */
export interface ContactedReader {
  /** @param number only this one; all if undefined. */
  list(workspaceId: number, number?: string): Contacted[];
  /** Ids of calls, the newest first. */
  callsWith(workspaceId: number, number: string, skip: number, limit: number): string[];
}

/** An outbound call goes to the contact, an inbound one comes from it. Web calls have no number. */
const other = `CASE direction WHEN 'outbound' THEN to_number ELSE from_number END`;

export function contactedNumbers(db: Db): ContactedReader {
  let opened: ReturnType<typeof prepare> | undefined;
  const all = () => (opened ??= prepare(db));
  return {
    list: (workspaceId, number) => all().list.all({ workspaceId, number: number ?? null }),
    callsWith: (workspaceId, number, skip, limit) =>
      all().calls.all({ workspaceId, number, skip, limit }),
  };
}

const prepare = (db: Db) => ({
  list: db.prepare<{ workspaceId: number; number: string | null }, Contacted>(
    `SELECT ${other} AS number, COUNT(*) AS count, MAX(sorted_at) AS last FROM calls
     WHERE workspace_id = :workspaceId AND ${other} <> ''
       AND (:number IS NULL OR ${other} = :number)
     GROUP BY 1`,
  ),
  calls: db
    .prepare<{ workspaceId: number; number: string; skip: number; limit: number }, string>(
      `SELECT call_id FROM calls
       WHERE workspace_id = :workspaceId AND ${other} = :number
       ORDER BY sorted_at DESC, call_key DESC LIMIT :limit OFFSET :skip`,
    )
    .pluck(),
});
