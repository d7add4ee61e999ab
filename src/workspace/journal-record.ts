import { noValues, type UnknownValue } from '../contract/open-values.js';
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
  /** What the answer has as `X-Request-Id`. */
  requestId: string;
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
  /** False once the journal gave it up, which may be before its request is over. */
  isKept: boolean;
  /** The JSON that came. A text, because what it is parsed to may take hundreds of times as much. */
  body: string | undefined;
  /** What was answered, as it was sent. */
  responseBody: string | undefined;
  /** Why it was refused. */
  error: string | undefined;
  /** False if it was not as the contract has it. */
  valid: boolean;
  /** True once its body was found to be as the contract has it. */
  bodyIsChecked: boolean;
  /** What its body says that an open list of the contract does not have. */
  unknownValues: readonly UnknownValue[];
  fault: FaultCause | undefined;
  /** Find out what bites though it was answered; asked when somebody reads it. */
  findWarnings: () => string[];
  /** About how many bytes that function holds. */
  warningsSize: number;
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
  isKept: true,
  time: 0,
  method: '',
  url: '',
  headers: {},
  operation: undefined,
  requestId: '',
  body: undefined,
  responseBody: undefined,
  error: undefined,
  valid: true,
  bodyIsChecked: false,
  unknownValues: noValues,
  fault: undefined,
  findWarnings: findNone,
  warningsSize: 0,
  forwarded: false,
  status: undefined,
  duration: undefined,
});

const findNone = (): string[] => [];

/** Makes a record that of another request, which had this URL and these headers. */
export function begin(
  record: JournalRecord,
  id: number,
  arrival: Arrival,
  url: string,
  headers: Arrival['headers'],
): void {
  record.id = id;
  record.time = arrival.time;
  record.method = arrival.method;
  record.url = url;
  record.headers = headers;
  record.operation = arrival.operation;
  record.requestId = arrival.requestId;
  record.body = undefined;
  record.responseBody = undefined;
  record.error = undefined;
  record.valid = true;
  record.bodyIsChecked = false;
  record.unknownValues = noValues;
  record.fault = undefined;
  record.findWarnings = findNone;
  record.warningsSize = 0;
  record.forwarded = false;
  record.status = undefined;
  record.duration = undefined;
}
