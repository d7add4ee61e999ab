-- When a batch whose runs have all ended becomes complete, if it is not yet. A row without it is
-- complete when its ended runs are all its runs.
ALTER TABLE batch_tests ADD COLUMN completes_at INTEGER;
CREATE INDEX batch_tests_completing ON batch_tests (workspace_id, completes_at)
  WHERE completes_at IS NOT NULL;

-- Snapshots hold whole rows.
UPDATE snapshots SET content = json_set(content, '$.batches', (
  SELECT json_group_array(json_set(batch.value, '$.completes_at', NULL))
  FROM json_each(content, '$.batches') AS batch
));
