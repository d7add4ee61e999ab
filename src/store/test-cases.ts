import { forcedByVariables } from '../domain/forced-outcome.js';
import { engineKeyOf } from '../domain/response-engine.js';
import type { TestCaseContent, TestCaseRevision } from '../domain/test-case.js';
import { derivedHex } from '../random.js';
import { cached, type BoundedCache } from '../bounded-cache.js';
import type { Caches } from './caches.js';
import { readEach, required, type Db } from './database.js';

/** A definition as it stands: its current revision, and where that is kept. */
export interface StoredTestCase extends TestCaseRevision {
  readonly revisionKey: number;
}

export interface NewRevision {
  readonly workspaceId: number;
  readonly definitionId: string;
  readonly content: TestCaseContent;
  readonly createdAt: number;
  readonly modifiedAt: number;
}

/** One page of a workspace's definitions for an engine, newest first. */
export interface TestCasePage {
  readonly workspaceId: number;
  readonly engine: string;
  /** Only what was created before this one; all if undefined. */
  readonly before: number | undefined;
  /** All if undefined. */
  readonly limit: number | undefined;
}

export interface TestCaseReader {
  find(workspaceId: number, definitionId: string): StoredTestCase | undefined;
  /** Of the current revision. */
  findRevisionKey(workspaceId: number, definitionId: string): number | undefined;
  getRevision(revisionKey: number): TestCaseRevision;
  /** Bytes of what it says. */
  getRevisionSize(revisionKey: number): number;
  /** What the definitions of a workspace say, and what its runs ran, the oldest first. */
  listKept(workspaceId: number): KeptRevision[];
  /** Bytes of what `listKept` returns. */
  keptSize(workspaceId: number): number;
  /** One by one: each may be large. */
  listPage(page: TestCasePage): Iterable<StoredTestCase & { readonly position: number }>;
}

export interface TestCaseWriter extends TestCaseReader {
  /** Returns the key of its revision. */
  insert(definition: NewRevision): number;
  /** Makes a new revision the current one. Returns its key. */
  revise(definition: NewRevision): number;
  /** Stores a revision that is not the current one of a definition. Returns its key. */
  readonly keep: (revision: NewRevision) => number;
  /** False if there is no such definition. Its revisions stay. */
  delete(workspaceId: number, definitionId: string): boolean;
}

/** A revision that can still be read. */
export interface KeptRevision extends StoredTestCase {
  /** The definition's place among the others; null if this is not what it says now. */
  readonly definitionKey: number | null;
}

interface RevisionRow {
  definitionId: string;
  content: string;
  createdAt: number;
  modifiedAt: number;
}
type DefinitionRow = RevisionRow & { revisionKey: number };

const revisionColumns = `revisions.test_case_definition_id AS definitionId, content,
  created_at AS createdAt, modified_at AS modifiedAt`;

const fromKept = `
  FROM test_case_revisions AS revisions
  LEFT JOIN test_case_definitions AS definitions
    ON definitions.workspace_id = :workspaceId
    AND definitions.test_case_definition_id = revisions.test_case_definition_id
    AND definitions.revision_key = revisions.revision_key
  WHERE revisions.workspace_id = :workspaceId AND (
    definition_key IS NOT NULL OR revisions.revision_key IN (
      SELECT revision_key FROM test_runs WHERE workspace_id = :workspaceId
    )
  )`;

export function testCaseStore(db: Db, caches: Caches): TestCaseWriter {
  const keepRevision = revisionKeeper(db);
  const listKept = db.prepare<{ workspaceId: number }, DefinitionRow & { definitionKey: number }>(
    `SELECT revisions.revision_key AS revisionKey, definition_key AS definitionKey,
            ${revisionColumns} ${fromKept}`,
  );
  const keptSize = db
    .prepare<{ workspaceId: number }, number>(
      `SELECT COALESCE(SUM(octet_length(content)), 0) ${fromKept}`,
    )
    .pluck();
  const revisionSize = db
    .prepare<{ revisionKey: number }, number>(
      `SELECT octet_length(content) FROM test_case_revisions WHERE revision_key = :revisionKey`,
    )
    .pluck();
  const point = (sql: string) =>
    db.prepare<{ workspaceId: number; definitionId: string; revisionKey: number; engine: string }>(
      sql,
    );
  const insertDefinition = point(
    `INSERT INTO test_case_definitions (workspace_id, test_case_definition_id, revision_key, engine)
     VALUES (:workspaceId, :definitionId, :revisionKey, :engine)`,
  );
  const updateDefinition = point(
    `UPDATE test_case_definitions SET revision_key = :revisionKey, engine = :engine
     WHERE workspace_id = :workspaceId AND test_case_definition_id = :definitionId`,
  );
  const remove = db.prepare<{ workspaceId: number; definitionId: string }>(
    `DELETE FROM test_case_definitions
     WHERE workspace_id = :workspaceId AND test_case_definition_id = :definitionId`,
  );
  const find = db.prepare<{ workspaceId: number; definitionId: string }, DefinitionRow>(
    `SELECT revision_key AS revisionKey, ${revisionColumns}
     FROM test_case_definitions AS definitions
     JOIN test_case_revisions AS revisions USING (revision_key)
     WHERE definitions.workspace_id = :workspaceId
       AND definitions.test_case_definition_id = :definitionId`,
  );
  const getRevision = db.prepare<{ revisionKey: number }, RevisionRow>(
    `SELECT ${revisionColumns} FROM test_case_revisions AS revisions
     WHERE revision_key = :revisionKey`,
  );
  const listPage = db.prepare<
    { workspaceId: number; engine: string; before: number; limit: number },
    DefinitionRow & { position: number }
  >(
    `SELECT definition_key AS position, revision_key AS revisionKey, ${revisionColumns}
     FROM test_case_definitions AS definitions
     JOIN test_case_revisions AS revisions USING (revision_key)
     WHERE definitions.workspace_id = :workspaceId AND engine = :engine
       AND definition_key < :before
     ORDER BY definition_key DESC LIMIT :limit`,
  );

  const revisionKeys = caches.create<string, number | 'none'>();

  const write = (definition: NewRevision, statement: typeof insertDefinition): number => {
    const { workspaceId, definitionId, content } = definition;
    const revisionKey = keepRevision(definition);
    const engine = engineKeyOf(content.response_engine);
    revisionKeys.clear();
    statement.run({ workspaceId, definitionId, revisionKey, engine });
    return revisionKey;
  };

  return {
    keep: keepRevision,
    insert: (definition) => write(definition, insertDefinition),
    revise: (definition) => write(definition, updateDefinition),
    listKept: (workspaceId) =>
      listKept
        .all({ workspaceId })
        .map(withContent)
        .sort((a, b) => a.revisionKey - b.revisionKey),
    keptSize: (workspaceId) => required(keptSize.get({ workspaceId })),
    getRevisionSize: (revisionKey) => required(revisionSize.get({ revisionKey })),
    delete(workspaceId, definitionId) {
      revisionKeys.clear();
      return remove.run({ workspaceId, definitionId }).changes > 0;
    },
    find(workspaceId, definitionId) {
      const row = find.get({ workspaceId, definitionId });
      return row && withContent(row);
    },
    findRevisionKey: revisionKeyFinder(db, revisionKeys),
    getRevision(revisionKey) {
      return withContent(required(getRevision.get({ revisionKey })));
    },
    listPage({ before = Number.MAX_SAFE_INTEGER, limit = -1, ...page }) {
      return readEach(() => listPage.iterate({ ...page, before, limit }), withContent);
    },
  };
}

/**
 * hot path: a suite names the same definitions again and again, some of which do not exist. Whatever
 * writes a definition clears the cache.
 */
function revisionKeyFinder(
  db: Db,
  revisionKeys: BoundedCache<string, number | 'none'>,
): TestCaseReader['findRevisionKey'] {
  const findRevisionKey = db
    .prepare<{ workspaceId: number; definitionId: string }, number>(
      `SELECT revision_key FROM test_case_definitions
       WHERE workspace_id = :workspaceId AND test_case_definition_id = :definitionId`,
    )
    .pluck();
  return (workspaceId, definitionId) => {
    const find = () => findRevisionKey.get({ workspaceId, definitionId }) ?? 'none';
    const key = cached(revisionKeys, `${String(workspaceId)} ${definitionId}`, find);
    return key === 'none' ? undefined : key;
  };
}

/** Returns the key of the revision. */
function revisionKeeper(db: Db): (revision: NewRevision) => number {
  const insertRevision = db.prepare<
    Omit<NewRevision, 'content'> & { content: string; magic: string | null; digest: string }
  >(
    `INSERT INTO test_case_revisions (workspace_id, test_case_definition_id, revision, content,
                                      magic, created_at, modified_at, digest)
     SELECT :workspaceId, :definitionId, COALESCE(MAX(revision), 0) + 1, :content, :magic,
            :createdAt, :modifiedAt, :digest
     FROM test_case_revisions
     WHERE workspace_id = :workspaceId AND test_case_definition_id = :definitionId`,
  );
  const findRevision = db
    .prepare<{ workspaceId: number; digest: string }, number>(
      `SELECT revision_key FROM test_case_revisions
       WHERE workspace_id = :workspaceId AND digest = :digest`,
    )
    .pluck();
  return (revision) => {
    const { workspaceId, definitionId, createdAt, modifiedAt } = revision;
    const content = JSON.stringify(revision.content);
    const digest = derivedHex(32, definitionId, createdAt, modifiedAt, content);
    // A workspace that was put back may come to say what it said before: that is still there.
    const known = findRevision.get({ workspaceId, digest });
    if (known !== undefined) return known;
    const order = forcedByVariables(revision.content.dynamic_variables);
    const magic = order === undefined ? null : JSON.stringify(order);
    return Number(insertRevision.run({ ...revision, content, magic, digest }).lastInsertRowid);
  };
}

function withContent<Row extends RevisionRow>(row: Row) {
  return { ...row, content: JSON.parse(row.content) as TestCaseContent };
}
