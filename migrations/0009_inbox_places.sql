-- Places that are written over, where rows used to be added and deleted: a commit then writes one
-- page, and not those by which the table grows and shrinks, too.
ALTER TABLE inbox RENAME TO inbox_rows;
CREATE TABLE inbox (
  place INTEGER PRIMARY KEY,
  -- What lies in a place counts if it is of the same filling as place 0, where nothing else lies.
  filling INTEGER NOT NULL,
  batches TEXT NOT NULL CHECK (json_valid(batches))
) STRICT;
INSERT INTO inbox (place, filling, batches)
  VALUES (0, 1, '[]');
INSERT INTO inbox (place, filling, batches)
  SELECT ROW_NUMBER() OVER (ORDER BY inbox_key), 1, batches FROM inbox_rows;
DROP TABLE inbox_rows;
