-- What a definition said, and when, in few digits, by which it is found when it is said again.
-- Null where an older emulator kept it.
ALTER TABLE test_case_revisions ADD COLUMN digest TEXT;
CREATE UNIQUE INDEX test_case_revisions_by_digest ON test_case_revisions (workspace_id, digest)
  WHERE digest IS NOT NULL;
