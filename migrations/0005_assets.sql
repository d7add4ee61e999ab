-- What tests run against, and who speaks through it: LLMs, conversation flows and agents.

-- AUTOINCREMENT: lists page by this key, so it is never reused.
CREATE TABLE assets (
  asset_key INTEGER PRIMARY KEY AUTOINCREMENT,
  workspace_id INTEGER NOT NULL REFERENCES workspaces (workspace_id),
  kind TEXT NOT NULL CHECK (kind IN ('retell-llm', 'conversation-flow', 'agent')),
  asset_id TEXT NOT NULL,
  -- The number that the next version takes; each is used once.
  next_version INTEGER NOT NULL CHECK (next_version > 0),
  UNIQUE (workspace_id, kind, asset_id)
) STRICT;
CREATE INDEX assets_by_kind ON assets (workspace_id, kind, asset_key);

-- What a version says, or said. Never changed, and never deleted, because runs are read with the
-- engine that they ran against. The hash lets the same be kept once.
CREATE TABLE asset_contents (
  content_key INTEGER PRIMARY KEY,
  workspace_id INTEGER NOT NULL REFERENCES workspaces (workspace_id),
  sha256 TEXT NOT NULL,
  content TEXT NOT NULL CHECK (json_valid(content)),
  UNIQUE (workspace_id, sha256)
) STRICT;

CREATE TABLE asset_versions (
  asset_key INTEGER NOT NULL REFERENCES assets (asset_key) ON DELETE CASCADE,
  version INTEGER NOT NULL CHECK (version >= 0),
  workspace_id INTEGER NOT NULL,
  content_key INTEGER NOT NULL REFERENCES asset_contents (content_key),
  -- The version that this one was copied from.
  base_version INTEGER,
  -- A published version is not changed any more.
  is_published INTEGER NOT NULL DEFAULT 0 CHECK (is_published IN (0, 1)),
  modified_at INTEGER NOT NULL,
  PRIMARY KEY (asset_key, version)
) STRICT, WITHOUT ROWID;
CREATE INDEX asset_versions_by_workspace ON asset_versions (workspace_id);

ALTER TABLE workspaces ADD COLUMN next_asset_ordinal INTEGER NOT NULL DEFAULT 0;

-- The engine as it was when the batch was created; null if the emulator has none.
ALTER TABLE batch_tests ADD COLUMN engine_content_key INTEGER
  REFERENCES asset_contents (content_key);
