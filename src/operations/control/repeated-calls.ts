import type { JournalRecord } from '../../workspace/journal/record.js';

/** SDKs try again within seconds, or after their timeout for this operation, which is two minutes. */
const longestPause = 300_000;

/**
 * Warns that a client that tried again placed a second call, because an earlier attempt had placed one
 * whose answer it did not get. Documented: `create-phone-call` is not idempotent, and SDKs repeat it.
 */
export function repeatedCallWarnings(
  record: JournalRecord,
  attempt: number,
  others: () => readonly JournalRecord[],
): string[] {
  if (record.operation !== 'createPhoneCall' || attempt === 0) return [];
  const second = createdBy(record);
  if (second === undefined) return [];
  const earlier = others().findLast(
    (other) =>
      other.id < record.id &&
      other.operation === record.operation &&
      other.body === record.body &&
      record.time - other.time <= longestPause &&
      createdBy(other) !== undefined,
  );
  if (earlier === undefined) return [];
  const first = createdBy(earlier) ?? '';
  return [
    `two calls were placed: ${second} repeats ${first}, which the request with the journal's id ` +
      `${String(earlier.id)} had created although the client tried again`,
  ];
}

/** The id of the call that a request created. */
function createdBy({ status, responseBody, withheldCall }: JournalRecord): string | undefined {
  if (withheldCall !== undefined) return withheldCall;
  if (status !== 201 || responseBody === undefined) return undefined;
  try {
    return (JSON.parse(responseBody) as { call_id?: string }).call_id;
  } catch {
    return undefined;
  }
}
