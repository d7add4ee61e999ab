-- Requests that were let through, by operation, while the setting `rateLimit` is `vendor`: JSON; null if
-- none were.
ALTER TABLE workspaces ADD COLUMN rate_windows TEXT CHECK (json_valid(rate_windows));

-- Snapshots hold whole rows.
UPDATE snapshots SET content = json_set(content, '$.workspace.rate_windows', NULL);
