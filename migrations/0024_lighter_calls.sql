-- Calls without checks of their JSON: JSON.stringify alone writes it, and each insert checked it again. What is due of
-- webhooks is found by its receiver, so that one that does not answer holds up no other.
CREATE TABLE new_calls (
  call_key INTEGER PRIMARY KEY AUTOINCREMENT,
  workspace_id INTEGER NOT NULL REFERENCES workspaces (workspace_id),
  call_id TEXT NOT NULL,
  ordinal INTEGER NOT NULL CHECK (ordinal >= 0),
  origin TEXT NOT NULL CHECK (origin IN ('dialled', 'registered', 'inbound')),
  direction TEXT NOT NULL CHECK (direction IN ('inbound', 'outbound')),
  from_number TEXT NOT NULL,
  to_number TEXT NOT NULL,
  agent_id TEXT NOT NULL,
  agent_version INTEGER NOT NULL,
  -- The agent and its engine as they were when the call was created; null if the emulator has none.
  agent_content_key INTEGER REFERENCES asset_contents (content_key),
  engine_type TEXT CHECK (engine_type IN ('retell-llm', 'conversation-flow')),
  engine_content_key INTEGER REFERENCES asset_contents (content_key),
  seed_key INTEGER NOT NULL REFERENCES seeds (seed_key),
  progression TEXT NOT NULL CHECK (progression IN ('time', 'immediate', 'polls', 'manual')),
  -- Reads of the call after which it is over, under `polls`, and those that there were.
  polls INTEGER NOT NULL DEFAULT 0,
  reads INTEGER NOT NULL DEFAULT 0,
  status TEXT NOT NULL
    CHECK (status IN ('registered', 'ongoing', 'ended', 'not_connected', 'error')),
  -- Moments of its plan that are over.
  passed INTEGER NOT NULL CHECK (passed >= 0),
  -- When the next moment comes; null if none does by itself.
  next_at INTEGER,
  -- When it was connected, or else created. Lists are in this order.
  sorted_at INTEGER NOT NULL,
  started_at INTEGER,
  ended_at INTEGER,
  reason TEXT,
  -- How it goes, drawn at its creation; null if it is moved by hand.
  course TEXT,
  plan TEXT NOT NULL,
  data_storage TEXT,
  details TEXT NOT NULL,
  combined_cost REAL,
  latency REAL,
  sentiment TEXT,
  successful INTEGER CHECK (successful IN (0, 1)),
  in_voicemail INTEGER CHECK (in_voicemail IN (0, 1)),
  -- The transcripts that fixtures give. One of the last columns, because lists do not read it.
  given_transcripts TEXT,
  -- 1 for a call that came in when there was no room for it, and that waits for some.
  waits INTEGER NOT NULL DEFAULT 0 CHECK (waits IN (0, 1)),
  UNIQUE (workspace_id, call_id)
) STRICT;

INSERT INTO new_calls (call_key, workspace_id, call_id, ordinal, origin, direction, from_number,
  to_number, agent_id, agent_version, agent_content_key, engine_type, engine_content_key, seed_key,
  progression, polls, reads, status, passed, next_at, sorted_at, started_at, ended_at, reason,
  course, plan, data_storage, details, combined_cost, latency, sentiment, successful, in_voicemail,
  given_transcripts, waits)
SELECT call_key, workspace_id, call_id, ordinal, origin, direction, from_number, to_number,
  agent_id, agent_version, agent_content_key, engine_type, engine_content_key, seed_key,
  progression, polls, reads, status, passed, next_at, sorted_at, started_at, ended_at, reason,
  course, plan, data_storage, details, combined_cost, latency, sentiment, successful, in_voicemail,
  given_transcripts, waits FROM calls;

-- Lists page by the key, so it is never used again.
DELETE FROM sqlite_sequence WHERE name = 'new_calls';
INSERT INTO sqlite_sequence (name, seq) SELECT 'new_calls', seq FROM sqlite_sequence WHERE name = 'calls';

DROP TABLE calls;
ALTER TABLE new_calls RENAME TO calls;

CREATE INDEX calls_by_time ON calls (workspace_id, sorted_at, call_key);
CREATE INDEX calls_by_agent ON calls (workspace_id, agent_id, sorted_at, call_key);
CREATE INDEX calls_due ON calls (workspace_id, next_at, call_key) WHERE next_at IS NOT NULL;
CREATE INDEX calls_under_way ON calls (workspace_id) WHERE status IN ('registered', 'ongoing');
CREATE INDEX calls_waiting ON calls (workspace_id, call_key) WHERE waits = 1;

DROP INDEX deliveries_due;
CREATE INDEX deliveries_due ON deliveries (workspace_id, due_at);
CREATE INDEX deliveries_by_origin ON deliveries (workspace_id, origin, due_at, delivery_key);
