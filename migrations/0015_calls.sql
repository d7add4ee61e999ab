-- Phone calls. What is said in them is not stored: it follows from the seed, the call's ordinal, and what
-- its agent and engine said when it was created.

-- AUTOINCREMENT: lists page by this key, so it is never reused.
CREATE TABLE calls (
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
  course TEXT CHECK (json_valid(course)),
  plan TEXT NOT NULL CHECK (json_valid(plan)),
  data_storage TEXT,
  details TEXT NOT NULL CHECK (json_valid(details)),
  combined_cost REAL,
  latency REAL,
  sentiment TEXT,
  successful INTEGER CHECK (successful IN (0, 1)),
  in_voicemail INTEGER CHECK (in_voicemail IN (0, 1)),
  -- The transcripts that fixtures give. The last column, because lists do not read it.
  given_transcripts TEXT CHECK (json_valid(given_transcripts)),
  UNIQUE (workspace_id, call_id)
) STRICT;
CREATE INDEX calls_by_time ON calls (workspace_id, sorted_at, call_key);
CREATE INDEX calls_by_agent ON calls (workspace_id, agent_id, sorted_at, call_key);
CREATE INDEX calls_due ON calls (workspace_id, next_at, call_key) WHERE next_at IS NOT NULL;
CREATE INDEX calls_under_way ON calls (workspace_id) WHERE status IN ('registered', 'ongoing');

ALTER TABLE workspaces ADD COLUMN next_call_ordinal INTEGER NOT NULL DEFAULT 0;
