// What the bare servers answer: as long as what the emulator does.
export const created = () => ({
  test_case_batch_job_id: 'test_batch_5c1f0e9a7b32',
  status: 'in_progress',
  response_engine: { type: 'retell-llm', llm_id: 'llm_1' },
  pass_count: 0,
  fail_count: 0,
  error_count: 0,
  total_count: 1,
  creation_timestamp: Date.now(),
  user_modified_timestamp: Date.now(),
});

export const answer = created();
