import { forcedByVariables } from '../domain/testing/forced-outcome.js';
import { engineKeyOf } from '../domain/engines/response-engine.js';
import type { TestCaseContent, TestCaseRevision } from '../domain/testing/test-case.js';
import { derivedHex } from '../random.js';
import { cached, type BoundedCache } from '../bounded-cache.js';
import type { Caches } from './caches.js';
import { readEach, required, type Db } from './database/database.js';

/** A definition with its current revision, and the key of that revision. */
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
  /** Only definitions that were created before this one; all if undefined. */
  readonly before: number | undefined;
  /** The maximum number; all if undefined. */
  readonly limit: number | undefined;
}

export interface TestCaseReader {
  find(workspaceId: number, definitionId: string): StoredTestCase | undefined;
  /** The key of the current revision. */
  findRevisionKey(workspaceId: number, definitionId: string): number | undefined;
  getRevision(revisionKey: number): TestCaseRevision;
  /** The bytes of its content. */
  getRevisionSize(revisionKey: number): number;
  /** The contents of a workspace's definitions, and those that its runs used, the oldest first. */
  listKept(workspaceId: number): KeptRevision[];
  /** The bytes of what `listKept` returns. */
  keptSize(workspaceId: number): number;
  /** The same, row by row, because each row may be large. */
  listPage(page: TestCasePage): Iterable<StoredTestCase & { readonly position: number }>;
}

export interface TestCaseWriter extends TestCaseReader {
  /** Inserts a definition. Returns the key of its revision. */
  insert(definition: NewRevision): number;
  /** Adds a revision and makes it the current one. Returns its key. */
  revise(definition: NewRevision): number;
  /** Adds a revision that is not the current one of any definition. Returns its key. */
  readonly keep: (revision: NewRevision) => number;
  /** Deletes a definition but not its revisions. Returns false if there is no such definition. */
  delete(workspaceId: number, definitionId: string): boolean;
}

/** A revision that can still be read. */
export interface KeptRevision extends StoredTestCase {
  /** The ordinal of the definition; null if this is not its current revision. */
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

/** What the revisions that are kept in memory have together as JSON. */
const maxCachedCharacters = 2_000_000;

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
  // hot path: runs of one definition read the same again and again. A revision never changes.
  const revisions = caches.createSized<number, TestCaseRevision>(maxCachedCharacters);

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
      const known = revisions.get(revisionKey);
      if (known !== undefined) return known;
      const row = required(getRevision.get({ revisionKey }));
      const revision = withContent(row);
      revisions.set(revisionKey, revision, { size: row.content.length });
      return revision;
    },
    listPage({ before = Number.MAX_SAFE_INTEGER, limit = -1, ...page }) {
      return readEach(() => listPage.iterate({ ...page, before, limit }), withContent);
    },
  };
}

/**
 * hot path: a test suite uses the same definitions again and again, and some do not exist. Every write of a
 * definition clears the cache.
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
    // A restored workspace may get a content that it had before, which still exists.
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
