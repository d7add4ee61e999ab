-- Failure to order: fault rules, a limit on requests, and credit that runs out.

CREATE TABLE faults (
  fault_key INTEGER PRIMARY KEY AUTOINCREMENT,
  workspace_id INTEGER NOT NULL REFERENCES workspaces (workspace_id),
  fault_id TEXT NOT NULL,
  fault TEXT NOT NULL CHECK (json_valid(fault)),
  -- By the workspace's clock.
  created_at INTEGER NOT NULL,
  -- Requests that it matched, and those of them that it hit.
  seen INTEGER NOT NULL DEFAULT 0 CHECK (seen >= 0),
  hits INTEGER NOT NULL DEFAULT 0 CHECK (hits >= 0),
  UNIQUE (workspace_id, fault_id)
) STRICT;

CREATE INDEX faults_by_workspace ON faults (workspace_id, fault_key);

ALTER TABLE workspaces ADD COLUMN next_fault_ordinal INTEGER NOT NULL DEFAULT 0;
-- Runs that may still be started; null if they cost nothing.
ALTER TABLE workspaces ADD COLUMN credit INTEGER CHECK (credit >= 0);
-- The requests that the limit lets through, as a bucket: what was in it, and when. Null: full.
ALTER TABLE workspaces ADD COLUMN rate_tokens REAL;
ALTER TABLE workspaces ADD COLUMN rate_filled_at INTEGER;
