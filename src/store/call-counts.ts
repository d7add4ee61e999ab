import type { CallStatus } from '../domain/calls/call.js';
import type { Db } from './database/database.js';

export type CallCounts = Record<CallStatus, number>;

const none: CallCounts = { registered: 0, ongoing: 0, ended: 0, not_connected: 0, error: 0 };

/**
 * Reads all calls once, when the counts are first read. After that SQLite updates them in the same
 * transaction as each change of a call, and undoes both together.
 *
 * @param now runs a transaction.
 */
export function callCounter(db: Db, now: (write: () => unknown) => unknown): () => CallCounts {
  let read: (() => { status: CallStatus; count: number }[]) | undefined;
  const change = (row: 'new' | 'old', by: '+' | '-'): string =>
    `UPDATE counted_calls SET count = count ${by} 1 WHERE status = ${row}.status;`;
  const start = `
    CREATE TEMP TABLE counted_calls (status TEXT PRIMARY KEY, count INTEGER NOT NULL) STRICT;
    INSERT INTO counted_calls VALUES ${Object.keys(none)
      .map((status) => `('${status}', (SELECT COUNT(*) FROM calls WHERE status = '${status}'))`)
      .join(', ')};
    CREATE TEMP TRIGGER call_inserted AFTER INSERT ON calls BEGIN ${change('new', '+')} END;
    CREATE TEMP TRIGGER call_updated AFTER UPDATE OF status ON calls BEGIN
      ${change('old', '-')} ${change('new', '+')}
    END;
    CREATE TEMP TRIGGER call_deleted AFTER DELETE ON calls BEGIN ${change('old', '-')} END;`;
  return () => {
    if (read === undefined) {
      now(() => db.exec(start));
      const select = db.prepare<[], { status: CallStatus; count: number }>(
        'SELECT status, count FROM counted_calls',
      );
      read = () => select.all();
    }
    return { ...none, ...Object.fromEntries(read().map(({ status, count }) => [status, count])) };
  };
}
