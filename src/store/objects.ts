import type { ObjectContent, StoredObject } from '../domain/objects/stored-object.js';
import type { ObjectKind } from '../domain/objects/kinds.js';
import { readEach, type Db } from './database/database.js';

/** An object where it is stored. */
export interface ListedObject extends StoredObject {
  readonly kind: ObjectKind;
  /** In the order of creation. */
  readonly position: number;
}

/** The objects of a kind in a workspace. */
export interface ObjectList {
  readonly workspaceId: number;
  readonly kind: ObjectKind;
}

/** A page of a list. */
export interface ObjectPage extends ObjectList {
  /** The position of the last one before; undefined for the first page. */
  readonly after?: number | undefined;
  /** All if undefined. */
  readonly limit?: number | undefined;
  readonly order: 'ascending' | 'descending';
}

export interface ObjectReader {
  find(list: ObjectList, id: string): ListedObject | undefined;
  findByValue(list: ObjectList, uniqueValue: string): ListedObject | undefined;
  listPage(page: ObjectPage): Iterable<ListedObject>;
  /** When the next state of an object comes; undefined if none does. */
  nextDue(workspaceId: number): number | undefined;
  /** Objects whose next state comes by a time, in the order in which they come. */
  listDue(workspaceId: number, until: number, limit: number): ListedObject[];
}

export interface ObjectWriter extends ObjectReader {
  insert(list: ObjectList, object: StoredObject): void;
  change(list: ObjectList, object: StoredObject): void;
  /** False if there is no such object. */
  delete(list: ObjectList, id: string): boolean;
}

interface Row {
  position: number;
  kind: ObjectKind;
  id: string;
  uniqueValue: string | null;
  status: string | null;
  nextAt: number | null;
  createdAt: number;
  modifiedAt: number;
  content: string;
}

type Written = Omit<Row, 'position'> & { workspaceId: number };

const columns = `object_key AS position, kind, object_id AS id, unique_value AS uniqueValue, status,
  next_at AS nextAt, created_at AS createdAt, modified_at AS modifiedAt, content`;

export function objectStore(db: Db): ObjectWriter {
  // hot path: each step of the simulation asks for it.
  const nextDue = db
    .prepare<{ workspaceId: number }, number | null>(
      `SELECT MIN(next_at) FROM objects WHERE workspace_id = :workspaceId AND next_at IS NOT NULL`,
    )
    .pluck();
  let opened: ReturnType<typeof prepare> | undefined;
  const all = () => (opened ??= prepare(db));
  return {
    nextDue: (workspaceId) => nextDue.get({ workspaceId }) ?? undefined,
    insert: (list, object) => all().insert.run(toRow(list, object)),
    change: (list, object) => all().change.run(toRow(list, object)),
    delete: (list, id) => all().remove.run({ ...list, id }).changes > 0,
    find(list, id) {
      const row = all().find.get({ ...list, id });
      return row && fromRow(row);
    },
    findByValue(list, value) {
      const row = all().findByValue.get({ ...list, value });
      return row && fromRow(row);
    },
    listPage({ workspaceId, kind, after, limit = -1, order }) {
      const { statement, first } = all().lists[order];
      const range = { workspaceId, kind, after: after ?? first, limit };
      return readEach(() => statement.iterate(range), fromRow);
    },
    listDue: (workspaceId, until, limit) =>
      all().listDue.all({ workspaceId, until, limit }).map(fromRow),
  };
}

/** Prepared when they are first used: most workspaces have no such objects. */
function prepare(db: Db) {
  const ofKind = 'workspace_id = :workspaceId AND kind = :kind';
  const prepareList = (comparison: '<' | '>', order: 'ASC' | 'DESC') =>
    db.prepare<ObjectList & { after: number; limit: number }, Row>(
      `SELECT ${columns} FROM objects WHERE ${ofKind} AND object_key ${comparison} :after
       ORDER BY object_key ${order} LIMIT :limit`,
    );
  return {
    insert: db.prepare<Written>(
      `INSERT INTO objects (workspace_id, kind, object_id, unique_value, status, next_at,
                            created_at, modified_at, content)
       VALUES (:workspaceId, :kind, :id, :uniqueValue, :status, :nextAt,
               :createdAt, :modifiedAt, :content)`,
    ),
    change: db.prepare<Written>(
      `UPDATE objects
       SET unique_value = :uniqueValue, status = :status, next_at = :nextAt,
           created_at = :createdAt, modified_at = :modifiedAt, content = :content
       WHERE ${ofKind} AND object_id = :id`,
    ),
    remove: db.prepare<ObjectList & { id: string }>(
      `DELETE FROM objects WHERE ${ofKind} AND object_id = :id`,
    ),
    find: db.prepare<ObjectList & { id: string }, Row>(
      `SELECT ${columns} FROM objects WHERE ${ofKind} AND object_id = :id`,
    ),
    findByValue: db.prepare<ObjectList & { value: string }, Row>(
      `SELECT ${columns} FROM objects WHERE ${ofKind} AND unique_value = :value`,
    ),
    listDue: db.prepare<{ workspaceId: number; until: number; limit: number }, Row>(
      `SELECT ${columns} FROM objects
       WHERE workspace_id = :workspaceId AND next_at <= :until
       ORDER BY next_at, object_key LIMIT :limit`,
    ),
    lists: {
      ascending: { statement: prepareList('>', 'ASC'), first: 0 },
      descending: { statement: prepareList('<', 'DESC'), first: Number.MAX_SAFE_INTEGER },
    },
  };
}

const toRow = ({ workspaceId, kind }: ObjectList, object: StoredObject): Written => ({
  ...{ workspaceId, kind, id: object.id, uniqueValue: object.uniqueValue, status: object.status },
  ...{ nextAt: object.nextAt, createdAt: object.createdAt, modifiedAt: object.modifiedAt },
  content: JSON.stringify(object.content),
});

const fromRow = ({ content, ...row }: Row): ListedObject => ({
  ...row,
  content: JSON.parse(content) as ObjectContent,
});
