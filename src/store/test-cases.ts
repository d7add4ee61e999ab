import { engineKeyOf } from '../domain/response-engine.js';
import type { TestCaseContent, TestCaseRevision } from '../domain/test-case.js';
import { required, type Db } from './database.js';

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

export interface TestCaseStore {
  insert(definition: NewRevision): void;
  /** Makes a new revision the current one. */
  revise(definition: NewRevision): void;
  /** False if there is no such definition. Its revisions stay. */
  delete(workspaceId: number, definitionId: string): boolean;
  find(workspaceId: number, definitionId: string): StoredTestCase | undefined;
  /** Of the current revision. */
  findRevisionKey(workspaceId: number, definitionId: string): number | undefined;
  getRevision(revisionKey: number): TestCaseRevision;
  listPage(page: TestCasePage): (StoredTestCase & { readonly position: number })[];
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

export function testCaseStore(db: Db): TestCaseStore {
  const insertRevision = db.prepare<Omit<NewRevision, 'content'> & { content: string }>(
    `INSERT INTO test_case_revisions (workspace_id, test_case_definition_id, revision, content,
                                      created_at, modified_at)
     SELECT :workspaceId, :definitionId, COALESCE(MAX(revision), 0) + 1, :content, :createdAt,
            :modifiedAt
     FROM test_case_revisions
     WHERE workspace_id = :workspaceId AND test_case_definition_id = :definitionId`,
  );
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
  const findRevisionKey = db
    .prepare<{ workspaceId: number; definitionId: string }, number>(
      `SELECT revision_key FROM test_case_definitions
       WHERE workspace_id = :workspaceId AND test_case_definition_id = :definitionId`,
    )
    .pluck();
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

  const write = (definition: NewRevision, statement: typeof insertDefinition): void => {
    const { workspaceId, definitionId, content } = definition;
    const row = { ...definition, content: JSON.stringify(content) };
    const revisionKey = Number(insertRevision.run(row).lastInsertRowid);
    const engine = engineKeyOf(content.response_engine);
    statement.run({ workspaceId, definitionId, revisionKey, engine });
  };

  return {
    insert: (definition) => {
      write(definition, insertDefinition);
    },
    revise: (definition) => {
      write(definition, updateDefinition);
    },
    delete: (workspaceId, definitionId) => remove.run({ workspaceId, definitionId }).changes > 0,
    find(workspaceId, definitionId) {
      const row = find.get({ workspaceId, definitionId });
      return row && withContent(row);
    },
    findRevisionKey: (workspaceId, definitionId) =>
      findRevisionKey.get({ workspaceId, definitionId }),
    getRevision(revisionKey) {
      return withContent(required(getRevision.get({ revisionKey })));
    },
    listPage({ before = Number.MAX_SAFE_INTEGER, limit = -1, ...page }) {
      return listPage.all({ ...page, before, limit }).map(withContent);
    },
  };
}

function withContent<Row extends RevisionRow>(row: Row) {
  return { ...row, content: JSON.parse(row.content) as TestCaseContent };
}
