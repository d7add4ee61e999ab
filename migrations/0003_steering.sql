-- What steers a workspace: its clock, settings and outcome rules, and how its batches move on.
-- Everything that decides what happens next is here, so that a snapshot of it is complete.

-- The clock. Real: clock_time at clock_anchor, a moment of the machine's clock, and
-- clock_speed times as fast since. Manual: clock_time, until it is advanced.
ALTER TABLE workspaces ADD COLUMN clock_mode TEXT NOT NULL DEFAULT 'real'
  CHECK (clock_mode IN ('real', 'manual'));
ALTER TABLE workspaces ADD COLUMN clock_time INTEGER NOT NULL DEFAULT 0;
ALTER TABLE workspaces ADD COLUMN clock_anchor INTEGER NOT NULL DEFAULT 0;
ALTER TABLE workspaces ADD COLUMN clock_speed REAL NOT NULL DEFAULT 1 CHECK (clock_speed > 0);
-- The settings that differ from those the emulator was started with.
ALTER TABLE workspaces ADD COLUMN settings TEXT NOT NULL DEFAULT '{}'
  CHECK (json_valid(settings));
-- Ids of definitions and rules are made of these, so that a restored workspace makes them again.
ALTER TABLE workspaces ADD COLUMN next_definition_ordinal INTEGER NOT NULL DEFAULT 0;
ALTER TABLE workspaces ADD COLUMN next_rule_ordinal INTEGER NOT NULL DEFAULT 0;

CREATE TABLE outcome_rules (
  rule_key INTEGER PRIMARY KEY AUTOINCREMENT,
  workspace_id INTEGER NOT NULL REFERENCES workspaces (workspace_id),
  rule_id TEXT NOT NULL,
  rule TEXT NOT NULL CHECK (json_valid(rule)),
  hits INTEGER NOT NULL DEFAULT 0 CHECK (hits >= 0),
  UNIQUE (workspace_id, rule_id)
) STRICT;

CREATE INDEX outcome_rules_by_workspace ON outcome_rules (workspace_id, rule_key);

CREATE TABLE snapshots (
  snapshot_key INTEGER PRIMARY KEY,
  workspace_id INTEGER NOT NULL REFERENCES workspaces (workspace_id),
  name TEXT NOT NULL,
  taken_at INTEGER NOT NULL,
  content TEXT NOT NULL CHECK (json_valid(content)),
  UNIQUE (workspace_id, name)
) STRICT;

-- What moves the runs of a batch: time, or its steps. Steps are made by request, or by reads of
-- the batch until it has been read polls_needed times.
ALTER TABLE batch_tests ADD COLUMN progression TEXT NOT NULL DEFAULT 'time'
  CHECK (progression IN ('time', 'immediate', 'polls', 'manual'));
ALTER TABLE batch_tests ADD COLUMN polls_needed INTEGER CHECK (polls_needed > 0);
ALTER TABLE batch_tests ADD COLUMN polls_seen INTEGER NOT NULL DEFAULT 0;
DROP INDEX batch_tests_queue;
CREATE INDEX batch_tests_queue ON batch_tests (workspace_id, ordinal)
  WHERE started_count < total_count AND progression = 'time';

-- What a definition or an id says of its own outcome; null if nothing.
ALTER TABLE test_case_revisions ADD COLUMN magic TEXT CHECK (json_valid(magic));
-- Why a run ends as it does, and what is told of it, where that was ordered; null if drawn.
ALTER TABLE test_runs ADD COLUMN ordered TEXT CHECK (json_valid(ordered));
