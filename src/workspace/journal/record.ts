import { noValues, type UnknownValue } from '../../contract/open-values.js';
import type { FaultCause } from '../../domain/requests/fault.js';

/** What is known of a request when it arrives. */
export interface Arrival {
  /** By the machine's clock. */
  time: number;
  method: string;
  /** With the query. */
  url: string;
  headers: Readonly<Record<string, string | string[] | undefined>>;
  operation: string | undefined;
  /** The answer's `X-Request-Id`. */
  requestId: string;
}

/**
 * A request to the vendor's API. The last fields are set as it is answered. After the journal dropped a
 * record, it reuses the object for another request: readers must copy what they keep.
 */
export interface JournalRecord extends Arrival {
  /** Each request's is higher than the one before. */
  id: number;
  /** About how many bytes the record takes. */
  size: number;
  /** False once the journal dropped it, which may happen before its request is answered. */
  isKept: boolean;
  /** The request's JSON as text, because the parsed value may take hundreds of times as much memory. */
  body: string | undefined;
  /** The answer's body as it was sent. */
  responseBody: string | undefined;
  /** The error by which it was refused. */
  error: string | undefined;
  /** False if the request did not fit the contract. */
  valid: boolean;
  /** True once its body was validated. */
  bodyIsChecked: boolean;
  /** Values of its body that the contract's open lists do not have. */
  unknownValues: readonly UnknownValue[];
  /** False if the settings let a deprecated operation be used without a warning. */
  warnsOfDeprecation: boolean;
  fault: FaultCause | undefined;
  /** Functions that compute warnings. They are called when somebody reads the record. */
  findWarnings: () => string[];
  /** About how many bytes those functions keep alive. */
  warningsSize: number;
  /** True if another server answered it. */
  forwarded: boolean;
  /** The id of the call that it created, if a fault then kept the answer from the client. */
  withheldCall: string | undefined;
  /** Undefined until it was answered. */
  status: number | undefined;
  /** Milliseconds; undefined until the answer was sent. */
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
  warnsOfDeprecation: true,
  fault: undefined,
  findWarnings: findNone,
  warningsSize: 0,
  forwarded: false,
  withheldCall: undefined,
  status: undefined,
  duration: undefined,
});

const findNone = (): string[] => [];

/** Reuses a record for a request that has just arrived. */
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
  record.warnsOfDeprecation = true;
  record.fault = undefined;
  record.findWarnings = findNone;
  record.warningsSize = 0;
  record.forwarded = false;
  record.withheldCall = undefined;
  record.status = undefined;
  record.duration = undefined;
}
