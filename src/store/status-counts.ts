import type { CallStatus } from '../domain/calls/call.js';
import type { ChatStatus } from '../domain/chats/chat.js';
import type { Db } from './database/database.js';

export const noCalls: Record<CallStatus, number> = {
  registered: 0,
  ongoing: 0,
  ended: 0,
  not_connected: 0,
  error: 0,
};

export const noChats: Record<ChatStatus, number> = { ongoing: 0, ended: 0, error: 0 };

interface Count {
  status: string;
  count: number;
}

/**
 * Counts calls or chats by status. Reads all of them once, when the counts are first read. After that SQLite updates them in the same
 * transaction as each change, and undoes both together.
 *
 * @param now runs a transaction.
 */
export function statusCounter<Status extends string>(
  db: Db,
  now: (write: () => unknown) => unknown,
  table: 'calls' | 'chats',
  none: Readonly<Record<Status, number>>,
): () => Record<Status, number> {
  let read: (() => Count[]) | undefined;
  const change = (row: 'new' | 'old', by: '+' | '-'): string =>
    `UPDATE counted_${table} SET count = count ${by} 1 WHERE status = ${row}.status;`;
  const counts = Object.keys(none).map(
    (status) => `('${status}', (SELECT COUNT(*) FROM ${table} WHERE status = '${status}'))`,
  );
  const start = `
    CREATE TEMP TABLE counted_${table} (status TEXT PRIMARY KEY, count INTEGER NOT NULL) STRICT;
    INSERT INTO counted_${table} VALUES ${counts.join(', ')};
    CREATE TEMP TRIGGER ${table}_inserted AFTER INSERT ON ${table} BEGIN
      ${change('new', '+')}
    END;
    CREATE TEMP TRIGGER ${table}_updated AFTER UPDATE OF status ON ${table} BEGIN
      ${change('old', '-')} ${change('new', '+')}
    END;
    CREATE TEMP TRIGGER ${table}_deleted AFTER DELETE ON ${table} BEGIN ${change('old', '-')} END;`;
  return () => {
    if (read === undefined) {
      now(() => db.exec(start));
      const select = db.prepare<[], Count>(`SELECT status, count FROM counted_${table}`);
      read = () => select.all();
    }
    return { ...none, ...Object.fromEntries(read().map(({ status, count }) => [status, count])) };
  };
}
