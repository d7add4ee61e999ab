-- Definitions, their revisions, and runs that point to them.

-- A run's transcript depends on the seed in force when it started, whatever the seed is later.
CREATE TABLE seeds (
  seed_key INTEGER PRIMARY KEY,
  seed TEXT NOT NULL UNIQUE
) STRICT;
INSERT INTO seeds (seed) SELECT seed FROM emulator;

-- What a definition said from one change to the next. Never changed, and never deleted, because
-- runs are read with the revision that they ran.
CREATE TABLE test_case_revisions (
  revision_key INTEGER PRIMARY KEY,
  workspace_id INTEGER NOT NULL REFERENCES workspaces (workspace_id),
  test_case_definition_id TEXT NOT NULL,
  revision INTEGER NOT NULL CHECK (revision > 0),
  content TEXT NOT NULL CHECK (json_valid(content)),
  -- Of the definition.
  created_at INTEGER NOT NULL,
  -- Of this revision.
  modified_at INTEGER NOT NULL CHECK (modified_at >= created_at),
  UNIQUE (workspace_id, test_case_definition_id, revision)
) STRICT;

-- The definitions that there are. AUTOINCREMENT: lists page by this key, so it is never reused.
CREATE TABLE test_case_definitions (
  definition_key INTEGER PRIMARY KEY AUTOINCREMENT,
  workspace_id INTEGER NOT NULL REFERENCES workspaces (workspace_id),
  test_case_definition_id TEXT NOT NULL,
  revision_key INTEGER NOT NULL REFERENCES test_case_revisions (revision_key),
  -- Type and id of the response engine of the current revision: what lists ask for.
  engine TEXT NOT NULL,
  UNIQUE (workspace_id, test_case_definition_id)
) STRICT;
CREATE INDEX test_case_definitions_by_engine
  ON test_case_definitions (workspace_id, engine, definition_key);

ALTER TABLE batch_tests ADD COLUMN engine TEXT GENERATED ALWAYS AS (
  response_engine ->> 'type' || ':'
  || COALESCE(response_engine ->> 'llm_id', response_engine ->> 'conversation_flow_id')
) VIRTUAL;
ALTER TABLE batch_tests ADD COLUMN engine_version REAL GENERATED ALWAYS AS (
  response_engine ->> 'version'
) VIRTUAL;
CREATE INDEX batch_tests_by_engine ON batch_tests (workspace_id, engine, ordinal);
CREATE INDEX batch_tests_by_engine_version
  ON batch_tests (workspace_id, engine, engine_version, ordinal);

-- A run of a definition that exists points to its revision; a run of any other id keeps that id.
CREATE TABLE new_test_runs (
  batch_key INTEGER NOT NULL REFERENCES batch_tests (batch_key),
  run_index INTEGER NOT NULL CHECK (run_index >= 0),
  workspace_id INTEGER NOT NULL,
  test_run_id TEXT NOT NULL,
  revision_key INTEGER REFERENCES test_case_revisions (revision_key),
  unknown_definition_id TEXT,
  status TEXT NOT NULL DEFAULT 'pending'
    CHECK (status IN ('pending', 'in_progress', 'pass', 'fail', 'error')),
  outcome TEXT CHECK (outcome IN ('pass', 'fail', 'error')),
  seed_key INTEGER REFERENCES seeds (seed_key),
  started_at INTEGER,
  ends_at INTEGER CHECK (ends_at >= started_at),
  PRIMARY KEY (batch_key, run_index),
  UNIQUE (workspace_id, test_run_id),
  CHECK ((revision_key IS NULL) <> (unknown_definition_id IS NULL)),
  CHECK (status IN ('pending', 'in_progress') OR status = outcome),
  CHECK ((status = 'pending') = (outcome IS NULL)),
  CHECK ((outcome IS NULL) = (seed_key IS NULL)),
  CHECK ((outcome IS NULL) = (started_at IS NULL)),
  CHECK ((outcome IS NULL) = (ends_at IS NULL))
) STRICT, WITHOUT ROWID;
INSERT INTO new_test_runs (
  batch_key, run_index, workspace_id, test_run_id, unknown_definition_id, status, outcome,
  seed_key, started_at, ends_at
)
SELECT
  batch_key, run_index, workspace_id, test_run_id, test_case_definition_id, status, outcome,
  CASE WHEN outcome IS NULL THEN NULL ELSE (SELECT seed_key FROM seeds) END, started_at, ends_at
FROM test_runs;
DROP TABLE test_runs;
ALTER TABLE new_test_runs RENAME TO test_runs;
CREATE INDEX test_runs_in_progress ON test_runs (workspace_id, ends_at)
  WHERE status = 'in_progress';
