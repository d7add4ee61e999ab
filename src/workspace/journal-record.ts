import type { FaultCause } from '../domain/fault.js';

/** What is known of a request when it comes. */
export interface Arrival {
  /** By the machine's clock. */
  time: number;
  method: string;
  /** With its query. */
  url: string;
  headers: Readonly<Record<string, string | string[] | undefined>>;
  operation: string | undefined;
}

/**
 * A request to the vendor's API; the last fields are filled in as it is answered. Once it is over
 * and forgotten, the object serves for another: who reads it copies what is to be kept.
 */
export interface JournalRecord extends Arrival {
  /** Rises from request to request. */
  id: number;
  /** About how many bytes it takes to keep it. */
  size: number;
  query: unknown;
  body: unknown;
  /** Why it was refused. */
  error: string | undefined;
  /** False if it was not as the contract has it. */
  valid: boolean;
  /** True once its body was found to be as the contract has it. */
  bodyIsChecked: boolean;
  fault: FaultCause | undefined;
  /** Find out what bites though it was answered; asked when somebody reads it. */
  findWarnings: () => string[];
  /** True if another server answered it. */
  forwarded: boolean;
  /** Undefined until something was answered. */
  status: number | undefined;
  /** Milliseconds; undefined until the answer was over. */
  duration: number | undefined;
}

export const newRecord = (): JournalRecord => ({
  id: 0,
  size: 0,
  time: 0,
  method: '',
  url: '',
  headers: {},
  operation: undefined,
  query: undefined,
  body: undefined,
  error: undefined,
  valid: true,
  bodyIsChecked: false,
  fault: undefined,
  findWarnings: findNone,
  forwarded: false,
  status: undefined,
  duration: undefined,
});

const findNone = (): string[] => [];

/**
 * Makes a record that of another request. It has from the one before it what is the same in both, so
 * that the collector has nothing new to keep: clients repeat themselves.
 */
export function begin(
  record: JournalRecord,
  id: number,
  arrival: Arrival,
  before: JournalRecord,
): void {
  record.id = id;
  record.time = arrival.time;
  record.method = arrival.method;
  record.url = before.url === arrival.url ? before.url : arrival.url;
  record.headers = areEqual(before.headers, arrival.headers) ? before.headers : arrival.headers;
  record.operation = arrival.operation;
  record.query = undefined;
  record.body = undefined;
  record.error = undefined;
  record.valid = true;
  record.bodyIsChecked = false;
  record.fault = undefined;
  record.findWarnings = findNone;
  record.forwarded = false;
  record.status = undefined;
  record.duration = undefined;
}

function areEqual(headers: Arrival['headers'], others: Arrival['headers']): boolean {
  const names = Object.keys(headers);
  return (
    names.length === Object.keys(others).length &&
    names.every((name) => headers[name] === others[name])
  );
}
