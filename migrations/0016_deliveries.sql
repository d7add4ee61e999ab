-- Webhooks that nobody has taken yet. A row is deleted once its webhook was answered with a 2xx, has failed
-- for good, or is not to be sent.

-- AUTOINCREMENT: a request may be under way when its row is deleted, so the key is never reused.
CREATE TABLE deliveries (
  delivery_key INTEGER PRIMARY KEY AUTOINCREMENT,
  workspace_id INTEGER NOT NULL REFERENCES workspaces (workspace_id),
  delivery_id TEXT NOT NULL,
  event TEXT NOT NULL,
  -- No reference: a call may be deleted before its webhooks are taken.
  call_id TEXT,
  url TEXT NOT NULL,
  -- Scheme, host and port of the URL.
  origin TEXT NOT NULL,
  -- What is sent, as it was when the event happened.
  body TEXT NOT NULL,
  -- Milliseconds of the machine's clock in which an answer must come.
  timeout INTEGER NOT NULL CHECK (timeout > 0),
  -- When the event happened, and when the next request is due, by the workspace's clock.
  happened_at INTEGER NOT NULL,
  due_at INTEGER NOT NULL,
  -- Requests that were made.
  attempts INTEGER NOT NULL DEFAULT 0 CHECK (attempts >= 0)
) STRICT;
CREATE INDEX deliveries_due ON deliveries (workspace_id, due_at, delivery_key, origin);
