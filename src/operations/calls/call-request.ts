import type { CallDirection } from '../../domain/calls/call.js';
import type { CallDetails, CallOrigin } from '../../domain/calls/call-record.js';

/** What is said of a call that is to be created. */
export interface CallRequest {
  readonly origin: CallOrigin;
  readonly direction: CallDirection;
  readonly fromNumber: string;
  readonly toNumber: string;
  readonly agentId: string;
  readonly agentVersion: number | string | undefined;
  readonly details: CallDetails;
  /** Taken for it before. */
  readonly reserved?: ReservedCall;
  /** True if its credit was taken before. */
  readonly isPaid?: boolean;
  /** Where a call that comes in goes if there is no room for it. */
  readonly fallbackNumber?: string | undefined;
}

/** An id for a call that is told to the client before the call is created. */
export interface ReservedCall {
  readonly id: string;
  readonly ordinal: number;
}
