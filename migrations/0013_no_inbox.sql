-- Batches are written to their tables at once. Those that still wait in the inbox are moved there.

-- Each waiting batch is a JSON object: `row` has the values of its row in batch_tests, `targets`
-- what its runs run, `firstRun` and `runMask` the numbers of which their ids are made.
CREATE TEMP TABLE waiting AS
  SELECT entry.value ->> '$.row[0]' AS workspace_id, entry.value ->> '$.row[1]' AS ordinal,
         entry.value ->> '$.row[2]' AS batch_test_id, entry.value -> '$.row' AS batch,
         entry.value ->> '$.firstRun' AS first_run, entry.value ->> '$.runMask' AS run_mask,
         entry.value -> '$.targets' AS targets
  FROM inbox, json_each(inbox.batches) AS entry
  WHERE filling = (SELECT filling FROM inbox WHERE place = 0)
  ORDER BY place, entry.key;

INSERT INTO batch_tests (
  workspace_id, ordinal, batch_test_id, engine_key, engine_version, engine_content_key,
  total_count, created_at, modified_at, progression, polls_needed, polls_seen
)
SELECT
  workspace_id, ordinal, batch_test_id, batch ->> 3, batch ->> 4, batch ->> 5,
  batch ->> 6, batch ->> 7, batch ->> 8, batch ->> 9, batch ->> 10, batch ->> 11
FROM waiting;

-- The number of a run is that of the first run plus the run's index, whose bits in run_mask are
-- inverted. SQLite has no exclusive or: it is what only one of both has. A target is the key of a
-- revision, or an id that no definition has.
INSERT INTO test_runs (
  batch_key, run_index, workspace_id, test_run_id, revision_key, unknown_definition_id
)
SELECT
  batch_key, target.key, workspace_id,
  first_run + (target.key | run_mask) - (target.key & run_mask),
  CASE target.type WHEN 'integer' THEN target.value END,
  CASE target.type WHEN 'text' THEN target.value END
FROM waiting
JOIN batch_tests USING (workspace_id, batch_test_id)
CROSS JOIN json_each(targets) AS target;

UPDATE workspaces SET next_batch_ordinal = MAX(next_batch_ordinal, 1 + (
  SELECT MAX(ordinal) FROM waiting WHERE waiting.workspace_id = workspaces.workspace_id
))
WHERE workspace_id IN (SELECT workspace_id FROM waiting);

DROP TABLE temp.waiting;
DROP TABLE inbox;
