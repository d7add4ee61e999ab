/**
 * Prefixes of the vendor's ids, as Observed; no batch id was seen, `test_batch_` follows the others.
 * After the prefix, an id that the emulator creates has lower-case hex digits.
 */
export const idPrefixes = {
  definition: 'test_case_',
  batch: 'test_batch_',
  run: 'test_job_',
  rule: 'rule_',
  fault: 'fault_',
  'retell-llm': 'llm_',
  'conversation-flow': 'conversation_flow_',
  agent: 'agent_',
  call: 'call_',
  // Observed: the prefix of cloned and added voices. Documented: that of knowledge bases, in examples.
  voice: 'custom_voice_',
  'knowledge-base': 'knowledge_base_',
  // Documented: the prefix of batches of calls.
  'batch-call': 'batch_call_',
  'batch-call-task': 'batch_call_task_',
  source: 'source_',
  'conversation-flow-component': 'conversation_flow_component_',
  'export-request': 'export_request_',
  asset: 'asset_',
  contact: 'contact_',
  'contact-file': 'upload_',
  app: 'app_',
  'crm-config': 'crm_config_',
  job: 'job_',
  org: 'org_',
  chat: 'chat_',
} as const;

/** The kinds whose ids are stored as numbers. */
export type NumberedKind = 'batch' | 'run';

/** A number of 48 bits, or an id that a client chose, which has no number. */
export type StoredId = number | string;

const bytes = Buffer.alloc(6);

/**
 * Converts a stored number to the id that clients see. The lowest byte comes first, so that the ids of consecutive
 * numbers differ in their first digits.
 */
export function publicId(kind: NumberedKind, stored: StoredId): string {
  if (typeof stored === 'string') return stored;
  bytes.writeUIntLE(stored, 0, bytes.length);
  return idPrefixes[kind] + bytes.toString('hex');
}

/** Converts an id that a client sent to the number that is stored for it; an id of another form stays a text. */
export function storedId(kind: NumberedKind, id: string): StoredId {
  const prefix = idPrefixes[kind];
  const digits = id.slice(prefix.length);
  if (!id.startsWith(prefix) || !/^[0-9a-f]{12}$/.test(digits)) return id;
  bytes.write(digits, 'hex');
  return bytes.readUIntLE(0, bytes.length);
}
