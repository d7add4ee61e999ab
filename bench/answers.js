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

export const createdCall = () => ({
  call_id: 'call_4f65e1c2863c0616d85a2dd6c5c',
  call_type: 'phone_call',
  call_status: 'registered',
  agent_id: 'agent_1',
  agent_version: 0,
  direction: 'outbound',
  from_number: '+14157774444',
  to_number: '+12137774445',
  data_storage_setting: 'everything',
  opt_in_signed_url: false,
});
