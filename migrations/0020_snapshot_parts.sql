-- The rows of a snapshot, in parts, so that no piece of work reads or writes all of them. Snapshots of older
-- versions have all rows in their content.
CREATE TABLE snapshot_parts (
  part_key INTEGER PRIMARY KEY,
  snapshot_key INTEGER NOT NULL REFERENCES snapshots (snapshot_key) ON DELETE CASCADE,
  content TEXT NOT NULL CHECK (json_valid(content))
) STRICT;

CREATE INDEX snapshot_parts_by_snapshot ON snapshot_parts (snapshot_key, part_key);
