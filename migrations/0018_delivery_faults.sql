-- What is wrong with a webhook on purpose, and the event of the same call before which it is not sent.
ALTER TABLE deliveries ADD COLUMN forgery TEXT
  CHECK (forgery IN ('wrong-key', 'no-signature', 'stale', 'changed-body', 'cut-body'));
ALTER TABLE deliveries ADD COLUMN dropped INTEGER NOT NULL DEFAULT 0 CHECK (dropped IN (0, 1));
ALTER TABLE deliveries ADD COLUMN held_until TEXT;
-- The id of the rule that hit it.
ALTER TABLE deliveries ADD COLUMN fault_id TEXT;

CREATE INDEX deliveries_held ON deliveries (workspace_id, call_id) WHERE held_until IS NOT NULL;
