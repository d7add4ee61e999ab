-- Batches that have been accepted and are not in their tables yet, several to a row, as JSON: what
-- is written one after the other in a few pages is written faster than where it belongs.
CREATE TABLE inbox (
  inbox_key INTEGER PRIMARY KEY,
  batches TEXT NOT NULL CHECK (json_valid(batches))
) STRICT;
