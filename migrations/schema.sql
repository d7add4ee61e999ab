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

CREATE TABLE assets (
  asset_key INTEGER PRIMARY KEY AUTOINCREMENT,
  workspace_id INTEGER NOT NULL REFERENCES workspaces (workspace_id),
  kind TEXT NOT NULL CHECK (kind IN ('retell-llm', 'conversation-flow', 'agent')),
  asset_id TEXT NOT NULL,
  -- The number that the next version takes; each is used once.
  next_version INTEGER NOT NULL CHECK (next_version > 0),
  UNIQUE (workspace_id, kind, asset_id)
) STRICT;

CREATE TABLE "batch_tests" (
  batch_key INTEGER PRIMARY KEY,
  workspace_id INTEGER NOT NULL REFERENCES workspaces (workspace_id),
  ordinal INTEGER NOT NULL,
  batch_test_id ANY NOT NULL,
  engine_key INTEGER NOT NULL REFERENCES tested_engines (engine_key),
  -- A number; 'null' if that was said; null if nothing was.
  engine_version ANY,
  -- The engine as it was when the batch was created; null if the emulator has none.
  engine_content_key INTEGER REFERENCES asset_contents (content_key),
  total_count INTEGER NOT NULL CHECK (total_count > 0),
  started_count INTEGER NOT NULL DEFAULT 0,
  pass_count INTEGER NOT NULL DEFAULT 0 CHECK (pass_count >= 0),
  fail_count INTEGER NOT NULL DEFAULT 0 CHECK (fail_count >= 0),
  error_count INTEGER NOT NULL DEFAULT 0 CHECK (error_count >= 0),
  created_at INTEGER NOT NULL,
  modified_at INTEGER NOT NULL CHECK (modified_at >= created_at),
  progression TEXT NOT NULL DEFAULT 'time'
    CHECK (progression IN ('time', 'immediate', 'polls', 'manual')),
  polls_needed INTEGER CHECK (polls_needed > 0),
  polls_seen INTEGER NOT NULL DEFAULT 0, completes_at INTEGER,
  UNIQUE (workspace_id, batch_test_id),
  CHECK (started_count <= total_count),
  CHECK (pass_count + fail_count + error_count <= started_count)
) STRICT;

CREATE TABLE call_rules (
  rule_key INTEGER PRIMARY KEY AUTOINCREMENT,
  workspace_id INTEGER NOT NULL REFERENCES workspaces (workspace_id),
  rule_id TEXT NOT NULL,
  rule TEXT NOT NULL CHECK (json_valid(rule)),
  hits INTEGER NOT NULL DEFAULT 0 CHECK (hits >= 0),
  UNIQUE (workspace_id, rule_id)
) STRICT;

CREATE TABLE "calls" (
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

CREATE TABLE chat_messages (
  chat_key INTEGER NOT NULL REFERENCES chats (chat_key),
  -- 0 for the first message of the chat.
  position INTEGER NOT NULL CHECK (position >= 0),
  message TEXT NOT NULL CHECK (json_valid(message)),
  -- Of a message of the user: what decided how it was answered.
  decided_by TEXT CHECK (json_valid(decided_by)),
  PRIMARY KEY (chat_key, position)
) STRICT, WITHOUT ROWID;

CREATE TABLE chat_rules (
  rule_key INTEGER PRIMARY KEY AUTOINCREMENT,
  workspace_id INTEGER NOT NULL REFERENCES workspaces (workspace_id),
  rule_id TEXT NOT NULL,
  rule TEXT NOT NULL CHECK (json_valid(rule)),
  hits INTEGER NOT NULL DEFAULT 0 CHECK (hits >= 0),
  UNIQUE (workspace_id, rule_id)
) STRICT;

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
, forgery TEXT
  CHECK (forgery IN ('wrong-key', 'no-signature', 'stale', 'changed-body', 'cut-body')), dropped INTEGER NOT NULL DEFAULT 0 CHECK (dropped IN (0, 1)), held_until TEXT, fault_id TEXT, tool TEXT, method TEXT NOT NULL DEFAULT 'POST', headers TEXT, retries INTEGER CHECK (retries >= 0)) STRICT;

CREATE TABLE emulator (
  only_row INTEGER PRIMARY KEY CHECK (only_row = 1),
  seed TEXT NOT NULL
) STRICT;

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

CREATE TABLE migrations (
       number INTEGER PRIMARY KEY,
       name TEXT NOT NULL,
       sha256 TEXT NOT NULL,
       applied_at INTEGER NOT NULL
     ) STRICT;

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

CREATE TABLE outcome_rules (
  rule_key INTEGER PRIMARY KEY AUTOINCREMENT,
  workspace_id INTEGER NOT NULL REFERENCES workspaces (workspace_id),
  rule_id TEXT NOT NULL,
  rule TEXT NOT NULL CHECK (json_valid(rule)),
  hits INTEGER NOT NULL DEFAULT 0 CHECK (hits >= 0),
  UNIQUE (workspace_id, rule_id)
) STRICT;

CREATE TABLE phone_numbers (
  number_key INTEGER PRIMARY KEY AUTOINCREMENT,
  workspace_id INTEGER NOT NULL REFERENCES workspaces (workspace_id),
  number TEXT NOT NULL,
  content TEXT NOT NULL CHECK (json_valid(content)),
  modified_at INTEGER NOT NULL,
  UNIQUE (workspace_id, number)
) STRICT;

CREATE TABLE running_test_runs (
  workspace_id INTEGER NOT NULL,
  ends_at INTEGER NOT NULL,
  batch_key INTEGER NOT NULL,
  run_index INTEGER NOT NULL,
  outcome TEXT NOT NULL CHECK (outcome IN ('pass', 'fail', 'error')),
  PRIMARY KEY (workspace_id, ends_at, batch_key, run_index)
) STRICT, WITHOUT ROWID;

CREATE TABLE seeds (
  seed_key INTEGER PRIMARY KEY,
  seed TEXT NOT NULL UNIQUE
) STRICT;

CREATE TABLE snapshot_parts (
  part_key INTEGER PRIMARY KEY,
  snapshot_key INTEGER NOT NULL REFERENCES snapshots (snapshot_key) ON DELETE CASCADE,
  content TEXT NOT NULL CHECK (json_valid(content))
) STRICT;

CREATE TABLE snapshots (
  snapshot_key INTEGER PRIMARY KEY,
  workspace_id INTEGER NOT NULL REFERENCES workspaces (workspace_id),
  name TEXT NOT NULL,
  taken_at INTEGER NOT NULL,
  content TEXT NOT NULL CHECK (json_valid(content)),
  UNIQUE (workspace_id, name)
) STRICT;

CREATE TABLE started_test_runs (
  batch_key INTEGER NOT NULL,
  run_index INTEGER NOT NULL,
  started_at INTEGER NOT NULL,
  ends_at INTEGER NOT NULL CHECK (ends_at >= started_at),
  outcome TEXT NOT NULL CHECK (outcome IN ('pass', 'fail', 'error')),
  seed_key INTEGER NOT NULL REFERENCES seeds (seed_key),
  -- Why it ends so, and what is told of it, where that was ordered; null if drawn.
  ordered TEXT CHECK (json_valid(ordered)),
  PRIMARY KEY (batch_key, run_index),
  FOREIGN KEY (batch_key, run_index) REFERENCES "test_runs" (batch_key, run_index)
) STRICT, WITHOUT ROWID;

CREATE TABLE test_case_definitions (
  definition_key INTEGER PRIMARY KEY AUTOINCREMENT,
  workspace_id INTEGER NOT NULL REFERENCES workspaces (workspace_id),
  test_case_definition_id TEXT NOT NULL,
  revision_key INTEGER NOT NULL REFERENCES test_case_revisions (revision_key),
  -- Type and id of the response engine of the current revision: what lists ask for.
  engine TEXT NOT NULL,
  UNIQUE (workspace_id, test_case_definition_id)
) STRICT;

CREATE TABLE test_case_revisions (
  revision_key INTEGER PRIMARY KEY,
  workspace_id INTEGER NOT NULL REFERENCES workspaces (workspace_id),
  test_case_definition_id TEXT NOT NULL,
  revision INTEGER NOT NULL CHECK (revision > 0),
  content TEXT NOT NULL CHECK (json_valid(content)),
  -- Of the definition.
  created_at INTEGER NOT NULL,
  -- Of this revision.
  modified_at INTEGER NOT NULL CHECK (modified_at >= created_at), magic TEXT CHECK (json_valid(magic)), digest TEXT,
  UNIQUE (workspace_id, test_case_definition_id, revision)
) STRICT;

CREATE TABLE "test_runs" (
  batch_key INTEGER NOT NULL REFERENCES "batch_tests" (batch_key),
  run_index INTEGER NOT NULL CHECK (run_index >= 0),
  workspace_id INTEGER NOT NULL,
  test_run_id ANY NOT NULL,
  revision_key INTEGER REFERENCES test_case_revisions (revision_key),
  unknown_definition_id TEXT,
  PRIMARY KEY (batch_key, run_index),
  UNIQUE (workspace_id, test_run_id),
  CHECK ((revision_key IS NULL) <> (unknown_definition_id IS NULL))
) STRICT, WITHOUT ROWID;

CREATE TABLE tested_engines (
  engine_key INTEGER PRIMARY KEY,
  workspace_id INTEGER NOT NULL REFERENCES workspaces (workspace_id),
  -- Type and id: what lists ask for.
  engine TEXT NOT NULL,
  UNIQUE (workspace_id, engine)
) STRICT;

CREATE TABLE workspaces (
  workspace_id INTEGER PRIMARY KEY,
  name TEXT NOT NULL UNIQUE,
  -- The ordinal that the next batch takes. Chance is keyed by it, so it is never reused.
  next_batch_ordinal INTEGER NOT NULL DEFAULT 0,
  running_count INTEGER NOT NULL DEFAULT 0 CHECK (running_count >= 0),
  -- The moment of the last thing that happened; nothing may happen before it any more.
  settled_at INTEGER NOT NULL
, clock_mode TEXT NOT NULL DEFAULT 'real'
  CHECK (clock_mode IN ('real', 'manual')), clock_time INTEGER NOT NULL DEFAULT 0, clock_anchor INTEGER NOT NULL DEFAULT 0, clock_speed REAL NOT NULL DEFAULT 1 CHECK (clock_speed > 0), settings TEXT NOT NULL DEFAULT '{}'
  CHECK (json_valid(settings)), next_definition_ordinal INTEGER NOT NULL DEFAULT 0, next_rule_ordinal INTEGER NOT NULL DEFAULT 0, next_fault_ordinal INTEGER NOT NULL DEFAULT 0, credit INTEGER CHECK (credit >= 0), rate_tokens REAL, rate_filled_at INTEGER, next_asset_ordinal INTEGER NOT NULL DEFAULT 0, label TEXT CHECK (length(label) BETWEEN 1 AND 100), last_used_at INTEGER, rate_windows TEXT CHECK (json_valid(rate_windows)), next_number_ordinal INTEGER NOT NULL DEFAULT 0, next_call_ordinal INTEGER NOT NULL DEFAULT 0, next_object_ordinal INTEGER NOT NULL DEFAULT 0, next_chat_ordinal INTEGER NOT NULL DEFAULT 0) STRICT;

CREATE INDEX asset_versions_by_workspace ON asset_versions (workspace_id);

CREATE INDEX assets_by_kind ON assets (workspace_id, kind, asset_key);

CREATE INDEX batch_tests_by_engine ON batch_tests (engine_key, ordinal);

CREATE INDEX batch_tests_by_engine_version ON batch_tests (engine_key, engine_version, ordinal)
  WHERE engine_version IS NOT NULL;

CREATE INDEX batch_tests_completing ON batch_tests (workspace_id, completes_at)
  WHERE completes_at IS NOT NULL;

CREATE UNIQUE INDEX batch_tests_queue ON batch_tests (workspace_id, ordinal)
  WHERE started_count < total_count AND progression = 'time';

CREATE INDEX call_rules_by_workspace ON call_rules (workspace_id, rule_key);

CREATE INDEX calls_by_agent ON calls (workspace_id, agent_id, sorted_at, call_key);

CREATE INDEX calls_by_time ON calls (workspace_id, sorted_at, call_key);

CREATE INDEX calls_due ON calls (workspace_id, next_at, call_key) WHERE next_at IS NOT NULL;

CREATE INDEX calls_under_way ON calls (workspace_id) WHERE status IN ('registered', 'ongoing');

CREATE INDEX calls_waiting ON calls (workspace_id, call_key) WHERE waits = 1;

CREATE INDEX chat_rules_by_workspace ON chat_rules (workspace_id, rule_key);

CREATE INDEX chats_by_agent ON chats (workspace_id, agent_id, started_at, chat_key);

CREATE INDEX chats_by_numbers ON chats (workspace_id, own_number, user_number)
  WHERE status = 'ongoing' AND own_number IS NOT NULL;

CREATE INDEX chats_by_time ON chats (workspace_id, started_at, chat_key);

CREATE INDEX chats_due ON chats (workspace_id, next_at, chat_key) WHERE next_at IS NOT NULL;

CREATE INDEX deliveries_by_origin ON deliveries (workspace_id, origin, due_at, delivery_key);

CREATE INDEX deliveries_due ON deliveries (workspace_id, due_at);

CREATE INDEX deliveries_held ON deliveries (workspace_id, call_id) WHERE held_until IS NOT NULL;

CREATE INDEX faults_by_workspace ON faults (workspace_id, fault_key);

CREATE INDEX objects_by_kind ON objects (workspace_id, kind, object_key);

CREATE INDEX objects_due ON objects (workspace_id, next_at, object_key) WHERE next_at IS NOT NULL;

CREATE INDEX outcome_rules_by_workspace ON outcome_rules (workspace_id, rule_key);

CREATE INDEX phone_numbers_by_workspace ON phone_numbers (workspace_id, number_key);

CREATE INDEX snapshot_parts_by_snapshot ON snapshot_parts (snapshot_key, part_key);

CREATE INDEX test_case_definitions_by_engine
  ON test_case_definitions (workspace_id, engine, definition_key);

CREATE UNIQUE INDEX test_case_revisions_by_digest ON test_case_revisions (workspace_id, digest)
  WHERE digest IS NOT NULL;
