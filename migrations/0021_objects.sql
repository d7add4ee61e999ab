-- What is only stored: voices, knowledge bases, contacts and the like. The kind says what an object is.
CREATE TABLE objects (
  object_key INTEGER PRIMARY KEY AUTOINCREMENT,
  workspace_id INTEGER NOT NULL REFERENCES workspaces (workspace_id),
  kind TEXT NOT NULL,
  object_id TEXT NOT NULL,
  -- What no two objects of the kind share, such as the phone number of a contact; null if there is none.
  unique_value TEXT,
  status TEXT,
  -- When the next state comes; null if none comes by itself.
  next_at INTEGER,
  created_at INTEGER NOT NULL,
  modified_at INTEGER NOT NULL CHECK (modified_at >= created_at),
  content TEXT NOT NULL CHECK (json_valid(content)),
  UNIQUE (workspace_id, kind, object_id),
  UNIQUE (workspace_id, kind, unique_value)
) STRICT;

CREATE INDEX objects_by_kind ON objects (workspace_id, kind, object_key);

CREATE INDEX objects_due ON objects (workspace_id, next_at, object_key) WHERE next_at IS NOT NULL;

ALTER TABLE workspaces ADD COLUMN next_object_ordinal INTEGER NOT NULL DEFAULT 0;
