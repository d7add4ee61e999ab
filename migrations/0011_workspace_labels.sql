-- What a workspace's user calls it; null if nothing. The API key can't be read from its name.
ALTER TABLE workspaces ADD COLUMN label TEXT CHECK (length(label) BETWEEN 1 AND 100);
-- When a client last asked something with its key, by the machine's clock; null if not known.
ALTER TABLE workspaces ADD COLUMN last_used_at INTEGER;
