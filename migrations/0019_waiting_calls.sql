-- Calls that came in when there was no room for them, and that wait for some.
ALTER TABLE calls ADD COLUMN waits INTEGER NOT NULL DEFAULT 0 CHECK (waits IN (0, 1));

CREATE INDEX calls_waiting ON calls (workspace_id, call_key) WHERE waits = 1;
