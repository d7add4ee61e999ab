-- Phone numbers, with the agents that take and make calls there.

-- AUTOINCREMENT: lists page by this key, so it is never reused.
CREATE TABLE phone_numbers (
  number_key INTEGER PRIMARY KEY AUTOINCREMENT,
  workspace_id INTEGER NOT NULL REFERENCES workspaces (workspace_id),
  number TEXT NOT NULL,
  content TEXT NOT NULL CHECK (json_valid(content)),
  modified_at INTEGER NOT NULL,
  UNIQUE (workspace_id, number)
) STRICT;
CREATE INDEX phone_numbers_by_workspace ON phone_numbers (workspace_id, number_key);

-- Phone numbers that were made up; each takes the next.
ALTER TABLE workspaces ADD COLUMN next_number_ordinal INTEGER NOT NULL DEFAULT 0;
