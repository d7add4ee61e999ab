/**
 * Prefixes of the vendor's ids, as Observed; no batch id was seen, `test_batch_` follows the others.
 * Behind them, ids that the emulator makes have lower-case hex digits.
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
} as const;

/** Ids that are made of a number. */
export type NumberedKind = 'batch' | 'run';

/** A number of 48 bits, or an id that was given and has none. */
export type StoredId = number | string;

const bytes = Buffer.alloc(6);

/**
 * The id that a number stands for. The lowest byte comes first: numbers that follow each other,
 * as neighbours in an index do, give ids that differ from their first digits on.
 */
export function idOf(kind: NumberedKind, stored: StoredId): string {
  if (typeof stored === 'string') return stored;
  bytes.writeUIntLE(stored, 0, bytes.length);
  return idPrefixes[kind] + bytes.toString('hex');
}

/** What `idOf` makes the id of. */
export function storedIdOf(kind: NumberedKind, id: string): StoredId {
  const prefix = idPrefixes[kind];
  const digits = id.slice(prefix.length);
  if (!id.startsWith(prefix) || !/^[0-9a-f]{12}$/.test(digits)) return id;
  bytes.write(digits, 'hex');
  return bytes.readUIntLE(0, bytes.length);
}
