-- Chats with agents that write.

-- AUTOINCREMENT: lists page by this key, so it is never reused.
CREATE TABLE chats (
  chat_key INTEGER PRIMARY KEY AUTOINCREMENT,
  workspace_id INTEGER NOT NULL REFERENCES workspaces (workspace_id),
  chat_id TEXT NOT NULL,
  ordinal INTEGER NOT NULL CHECK (ordinal >= 0),
  origin TEXT NOT NULL CHECK (origin IN ('api', 'sms-outbound', 'sms-inbound')),
  -- Of a chat by SMS: the number here, and that of the user.
  own_number TEXT,
  user_number TEXT,
  agent_id TEXT NOT NULL,
  agent_version INTEGER NOT NULL,
  -- The agent and its engine as they were when the chat began; null if the emulator has none.
  agent_content_key INTEGER REFERENCES asset_contents (content_key),
  engine_type TEXT CHECK (engine_type IN ('retell-llm', 'conversation-flow')),
  engine_content_key INTEGER REFERENCES asset_contents (content_key),
  seed_key INTEGER NOT NULL REFERENCES seeds (seed_key),
  status TEXT NOT NULL CHECK (status IN ('ongoing', 'ended', 'error')),
  started_at INTEGER NOT NULL,
  -- When it ends by itself unless somebody writes before; null once it is over, or if it does not.
  closes_at INTEGER,
  ended_at INTEGER,
  reason TEXT,
  -- When it is analysed, or was; null if it is not.
  analyses_at INTEGER,
  analysed INTEGER NOT NULL DEFAULT 0 CHECK (analysed IN (0, 1)),
  -- The earlier of what comes by itself; null if nothing does.
  next_at INTEGER,
  -- How many messages the agent wrote.
  answers INTEGER NOT NULL DEFAULT 0 CHECK (answers >= 0),
  data_storage TEXT,
  details TEXT NOT NULL CHECK (json_valid(details)),
  UNIQUE (workspace_id, chat_id)
) STRICT;

CREATE INDEX chats_by_time ON chats (workspace_id, started_at, chat_key);
CREATE INDEX chats_by_agent ON chats (workspace_id, agent_id, started_at, chat_key);
CREATE INDEX chats_due ON chats (workspace_id, next_at, chat_key) WHERE next_at IS NOT NULL;
CREATE INDEX chats_by_numbers ON chats (workspace_id, own_number, user_number)
  WHERE status = 'ongoing' AND own_number IS NOT NULL;

CREATE TABLE chat_messages (
  chat_key INTEGER NOT NULL REFERENCES chats (chat_key),
  -- 0 for the first message of the chat.
  position INTEGER NOT NULL CHECK (position >= 0),
  message TEXT NOT NULL CHECK (json_valid(message)),
  -- Of a message of the user: what decided how it was answered.
  decided_by TEXT CHECK (json_valid(decided_by)),
  PRIMARY KEY (chat_key, position)
) STRICT, WITHOUT ROWID;

-- Rules that say what agents answer.
CREATE TABLE chat_rules (
  rule_key INTEGER PRIMARY KEY AUTOINCREMENT,
  workspace_id INTEGER NOT NULL REFERENCES workspaces (workspace_id),
  rule_id TEXT NOT NULL,
  rule TEXT NOT NULL CHECK (json_valid(rule)),
  hits INTEGER NOT NULL DEFAULT 0 CHECK (hits >= 0),
  UNIQUE (workspace_id, rule_id)
) STRICT;

CREATE INDEX chat_rules_by_workspace ON chat_rules (workspace_id, rule_key);

ALTER TABLE workspaces ADD COLUMN next_chat_ordinal INTEGER NOT NULL DEFAULT 0;
