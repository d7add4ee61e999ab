-- Times are integer milliseconds since the epoch, given by the caller: SQL never asks for the time.

-- What holds for the whole file.
CREATE TABLE emulator (
  only_row INTEGER PRIMARY KEY CHECK (only_row = 1),
  seed TEXT NOT NULL
) STRICT;

-- Everything behind one API key. The key itself is not stored: name is a hash of it.
CREATE TABLE workspaces (
  workspace_id INTEGER PRIMARY KEY,
  name TEXT NOT NULL UNIQUE,
  -- The ordinal that the next batch takes. Chance is keyed by it, so it is never reused.
  next_batch_ordinal INTEGER NOT NULL DEFAULT 0,
  running_count INTEGER NOT NULL DEFAULT 0 CHECK (running_count >= 0),
  -- The moment of the last thing that happened; nothing may happen before it any more.
  settled_at INTEGER NOT NULL
) STRICT;

-- A batch's status is not stored: it is complete when its ended runs are all its runs.
-- Runs start in the order of their index, so the runs from started_count on are the pending ones.
CREATE TABLE batch_tests (
  batch_key INTEGER PRIMARY KEY,
  workspace_id INTEGER NOT NULL REFERENCES workspaces (workspace_id),
  ordinal INTEGER NOT NULL,
  batch_test_id TEXT NOT NULL,
  response_engine TEXT NOT NULL CHECK (json_valid(response_engine)),
  total_count INTEGER NOT NULL CHECK (total_count > 0),
  started_count INTEGER NOT NULL DEFAULT 0,
  pass_count INTEGER NOT NULL DEFAULT 0 CHECK (pass_count >= 0),
  fail_count INTEGER NOT NULL DEFAULT 0 CHECK (fail_count >= 0),
  error_count INTEGER NOT NULL DEFAULT 0 CHECK (error_count >= 0),
  created_at INTEGER NOT NULL,
  modified_at INTEGER NOT NULL CHECK (modified_at >= created_at),
  UNIQUE (workspace_id, batch_test_id),
  UNIQUE (workspace_id, ordinal),
  CHECK (started_count <= total_count),
  CHECK (pass_count + fail_count + error_count <= started_count)
) STRICT;

-- The queue of a workspace: batches that still have runs to start, first in first out.
CREATE INDEX batch_tests_queue ON batch_tests (workspace_id, ordinal)
  WHERE started_count < total_count;

-- outcome and ends_at are decided when a run starts and show when it ends: a restart with
-- other settings changes nothing for a run that is under way.
CREATE TABLE test_runs (
  batch_key INTEGER NOT NULL REFERENCES batch_tests (batch_key),
  run_index INTEGER NOT NULL CHECK (run_index >= 0),
  workspace_id INTEGER NOT NULL,
  test_run_id TEXT NOT NULL,
  test_case_definition_id TEXT NOT NULL,
  status TEXT NOT NULL DEFAULT 'pending'
    CHECK (status IN ('pending', 'in_progress', 'pass', 'fail', 'error')),
  outcome TEXT CHECK (outcome IN ('pass', 'fail', 'error')),
  started_at INTEGER,
  ends_at INTEGER CHECK (ends_at >= started_at),
  PRIMARY KEY (batch_key, run_index),
  UNIQUE (workspace_id, test_run_id),
  CHECK (status IN ('pending', 'in_progress') OR status = outcome),
  CHECK ((status = 'pending') = (outcome IS NULL)),
  CHECK ((outcome IS NULL) = (started_at IS NULL)),
  CHECK ((outcome IS NULL) = (ends_at IS NULL))
) STRICT, WITHOUT ROWID;

-- What is under way in a workspace, the next to end first.
CREATE INDEX test_runs_in_progress ON test_runs (workspace_id, ends_at)
  WHERE status = 'in_progress';
