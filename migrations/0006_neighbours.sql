-- What belongs together lies together, so that a commit writes few pages: ids as numbers that
-- follow each other, an engine named once, and what is under way apart from what is kept.

-- The engines that batches are of; never deleted, because snapshots refer to them.
CREATE TABLE tested_engines (
  engine_key INTEGER PRIMARY KEY,
  workspace_id INTEGER NOT NULL REFERENCES workspaces (workspace_id),
  -- Type and id: what lists ask for.
  engine TEXT NOT NULL,
  UNIQUE (workspace_id, engine)
) STRICT;
INSERT INTO tested_engines (workspace_id, engine)
SELECT workspace_id, engine FROM batch_tests
UNION
SELECT snapshots.workspace_id, batch.value ->> '$.response_engine' ->> 'type' || ':' || COALESCE(
  batch.value ->> '$.response_engine' ->> 'llm_id',
  batch.value ->> '$.response_engine' ->> 'conversation_flow_id'
)
FROM snapshots, json_each(content, '$.batches') AS batch;

-- An id that was made is a prefix and six bytes, of which the number is kept, the first byte
-- being the lowest. Any other id is kept as it is.
CREATE TABLE made_digits (place INTEGER NOT NULL, shift INTEGER NOT NULL) STRICT;
INSERT INTO made_digits VALUES
  (1, 4), (2, 0), (3, 12), (4, 8), (5, 20), (6, 16),
  (7, 28), (8, 24), (9, 36), (10, 32), (11, 44), (12, 40);

CREATE TABLE new_batch_tests (
  batch_key INTEGER PRIMARY KEY,
  workspace_id INTEGER NOT NULL REFERENCES workspaces (workspace_id),
  ordinal INTEGER NOT NULL,
  batch_test_id ANY NOT NULL,
  engine_key INTEGER NOT NULL REFERENCES tested_engines (engine_key),
  -- A number; 'null' if that was said; null if nothing was.
  engine_version ANY,
  -- The engine as it was when the batch was created; null if the emulator has none.
  engine_content_key INTEGER REFERENCES asset_contents (content_key),
  total_count INTEGER NOT NULL CHECK (total_count > 0),
  started_count INTEGER NOT NULL DEFAULT 0,
  pass_count INTEGER NOT NULL DEFAULT 0 CHECK (pass_count >= 0),
  fail_count INTEGER NOT NULL DEFAULT 0 CHECK (fail_count >= 0),
  error_count INTEGER NOT NULL DEFAULT 0 CHECK (error_count >= 0),
  created_at INTEGER NOT NULL,
  modified_at INTEGER NOT NULL CHECK (modified_at >= created_at),
  progression TEXT NOT NULL DEFAULT 'time'
    CHECK (progression IN ('time', 'immediate', 'polls', 'manual')),
  polls_needed INTEGER CHECK (polls_needed > 0),
  polls_seen INTEGER NOT NULL DEFAULT 0,
  UNIQUE (workspace_id, batch_test_id),
  CHECK (started_count <= total_count),
  CHECK (pass_count + fail_count + error_count <= started_count)
) STRICT;
INSERT INTO new_batch_tests (
  batch_key, workspace_id, ordinal, batch_test_id, engine_key, engine_version,
  engine_content_key, total_count, started_count, pass_count, fail_count, error_count, created_at,
  modified_at, progression, polls_needed, polls_seen
)
SELECT
  batch_key, workspace_id, ordinal,
  CASE WHEN batch_test_id GLOB 'test_batch_' || replace('............', '.', '[0-9a-f]') THEN (
    SELECT SUM((instr('0123456789abcdef', substr(batch_test_id, 11 + place, 1)) - 1) << shift)
    FROM made_digits
  ) ELSE batch_test_id END,
  (SELECT engine_key FROM tested_engines
   WHERE tested_engines.workspace_id = batch_tests.workspace_id
     AND tested_engines.engine = batch_tests.engine),
  CASE json_type(response_engine, '$.version')
    WHEN 'null' THEN 'null' ELSE response_engine ->> 'version' END,
  engine_content_key, total_count, started_count, pass_count, fail_count, error_count, created_at,
  modified_at, progression, polls_needed, polls_seen
FROM batch_tests;

-- Rows of runs are written and never changed: what runs, and, once it starts, how and when it
-- ends. A run that has started has ended when it is not among those under way any more.
CREATE TABLE new_test_runs (
  batch_key INTEGER NOT NULL REFERENCES new_batch_tests (batch_key),
  run_index INTEGER NOT NULL CHECK (run_index >= 0),
  workspace_id INTEGER NOT NULL,
  test_run_id ANY NOT NULL,
  revision_key INTEGER REFERENCES test_case_revisions (revision_key),
  unknown_definition_id TEXT,
  PRIMARY KEY (batch_key, run_index),
  UNIQUE (workspace_id, test_run_id),
  CHECK ((revision_key IS NULL) <> (unknown_definition_id IS NULL))
) STRICT, WITHOUT ROWID;
INSERT INTO new_test_runs (
  batch_key, run_index, workspace_id, test_run_id, revision_key, unknown_definition_id
)
SELECT
  batch_key, run_index, workspace_id,
  CASE WHEN test_run_id GLOB 'test_job_' || replace('............', '.', '[0-9a-f]') THEN (
    SELECT SUM((instr('0123456789abcdef', substr(test_run_id, 9 + place, 1)) - 1) << shift)
    FROM made_digits
  ) ELSE test_run_id END,
  revision_key, unknown_definition_id
FROM test_runs;

CREATE TABLE started_test_runs (
  batch_key INTEGER NOT NULL,
  run_index INTEGER NOT NULL,
  started_at INTEGER NOT NULL,
  ends_at INTEGER NOT NULL CHECK (ends_at >= started_at),
  outcome TEXT NOT NULL CHECK (outcome IN ('pass', 'fail', 'error')),
  seed_key INTEGER NOT NULL REFERENCES seeds (seed_key),
  -- Why it ends so, and what is told of it, where that was ordered; null if drawn.
  ordered TEXT CHECK (json_valid(ordered)),
  PRIMARY KEY (batch_key, run_index),
  FOREIGN KEY (batch_key, run_index) REFERENCES new_test_runs (batch_key, run_index)
) STRICT, WITHOUT ROWID;
INSERT INTO started_test_runs (
  batch_key, run_index, started_at, ends_at, outcome, seed_key, ordered
)
SELECT batch_key, run_index, started_at, ends_at, outcome, seed_key, ordered
FROM test_runs WHERE outcome IS NOT NULL;

-- What is under way in a workspace, the next to end first.
CREATE TABLE running_test_runs (
  workspace_id INTEGER NOT NULL,
  ends_at INTEGER NOT NULL,
  batch_key INTEGER NOT NULL,
  run_index INTEGER NOT NULL,
  outcome TEXT NOT NULL CHECK (outcome IN ('pass', 'fail', 'error')),
  PRIMARY KEY (workspace_id, ends_at, batch_key, run_index)
) STRICT, WITHOUT ROWID;
INSERT INTO running_test_runs (workspace_id, ends_at, batch_key, run_index, outcome)
SELECT workspace_id, ends_at, batch_key, run_index, outcome
FROM test_runs WHERE status = 'in_progress';

-- Snapshots hold rows of both.
UPDATE snapshots SET content = json_set(
  content,
  '$.batches', (
    SELECT json_group_array(json_set(
      json_remove(batch.value, '$.response_engine'),
      '$.batch_test_id', CASE
        WHEN batch.value ->> 'batch_test_id'
          GLOB 'test_batch_' || replace('............', '.', '[0-9a-f]') THEN (
          SELECT SUM((instr(
            '0123456789abcdef', substr(batch.value ->> 'batch_test_id', 11 + place, 1)
          ) - 1) << shift)
          FROM made_digits
        ) ELSE batch.value ->> 'batch_test_id' END,
      '$.engine_key', (
        SELECT engine_key FROM tested_engines
        WHERE tested_engines.workspace_id = snapshots.workspace_id
          AND engine = batch.value ->> '$.response_engine' ->> 'type' || ':' || COALESCE(
            batch.value ->> '$.response_engine' ->> 'llm_id',
            batch.value ->> '$.response_engine' ->> 'conversation_flow_id'
          )
      ),
      '$.engine_version', CASE json_type(batch.value ->> '$.response_engine', '$.version')
        WHEN 'null' THEN 'null' ELSE batch.value ->> '$.response_engine' ->> 'version' END
    ))
    FROM json_each(content, '$.batches') AS batch
  ),
  '$.runs', (
    SELECT json_group_array(json_set(
      json_remove(
        run.value,
        '$.status', '$.outcome', '$.seed_key', '$.started_at', '$.ends_at', '$.ordered'
      ),
      '$.test_run_id', CASE
        WHEN run.value ->> 'test_run_id'
          GLOB 'test_job_' || replace('............', '.', '[0-9a-f]') THEN (
          SELECT SUM((instr(
            '0123456789abcdef', substr(run.value ->> 'test_run_id', 9 + place, 1)
          ) - 1) << shift)
          FROM made_digits
        ) ELSE run.value ->> 'test_run_id' END
    ))
    FROM json_each(content, '$.runs') AS run
  ),
  '$.started', (
    SELECT json_group_array(json_object(
      'batch_key', run.value ->> 'batch_key', 'run_index', run.value ->> 'run_index',
      'started_at', run.value ->> 'started_at', 'ends_at', run.value ->> 'ends_at',
      'outcome', run.value ->> 'outcome', 'seed_key', run.value ->> 'seed_key',
      'ordered', run.value ->> 'ordered'
    ))
    FROM json_each(content, '$.runs') AS run
    WHERE run.value ->> 'outcome' IS NOT NULL
  ),
  '$.running', (
    SELECT json_group_array(json_object(
      'workspace_id', run.value ->> 'workspace_id', 'ends_at', run.value ->> 'ends_at',
      'batch_key', run.value ->> 'batch_key', 'run_index', run.value ->> 'run_index',
      'outcome', run.value ->> 'outcome'
    ))
    FROM json_each(content, '$.runs') AS run
    WHERE run.value ->> 'status' = 'in_progress'
  )
);

DROP TABLE made_digits;
DROP TABLE test_runs;
DROP TABLE batch_tests;
ALTER TABLE new_batch_tests RENAME TO batch_tests;
ALTER TABLE new_test_runs RENAME TO test_runs;

-- The queue of a workspace: batches that still have runs to start, first in first out.
CREATE UNIQUE INDEX batch_tests_queue ON batch_tests (workspace_id, ordinal)
  WHERE started_count < total_count AND progression = 'time';
CREATE INDEX batch_tests_by_engine ON batch_tests (engine_key, ordinal);
CREATE INDEX batch_tests_by_engine_version ON batch_tests (engine_key, engine_version, ordinal)
  WHERE engine_version IS NOT NULL;
