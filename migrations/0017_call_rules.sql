-- Rules that say how calls go.
CREATE TABLE call_rules (
  rule_key INTEGER PRIMARY KEY AUTOINCREMENT,
  workspace_id INTEGER NOT NULL REFERENCES workspaces (workspace_id),
  rule_id TEXT NOT NULL,
  rule TEXT NOT NULL CHECK (json_valid(rule)),
  hits INTEGER NOT NULL DEFAULT 0 CHECK (hits >= 0),
  UNIQUE (workspace_id, rule_id)
) STRICT;

CREATE INDEX call_rules_by_workspace ON call_rules (workspace_id, rule_key);
