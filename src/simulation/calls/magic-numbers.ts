import type { ForcedCall } from '../../domain/calls/forced-call.js';

/**
 * Numbers whose last four digits say how a call to them goes. The digits are ours: the vendor has no
 * test numbers. docs/calls.md lists the same.
 */
const magicNumbers: Readonly<Record<string, ForcedCall>> = {
  '9001': { disconnectionReason: 'dial_busy' },
  '9002': { disconnectionReason: 'dial_no_answer' },
  '9003': { disconnectionReason: 'user_declined' },
  '9004': { disconnectionReason: 'voicemail_reached' },
  '9005': { disconnectionReason: 'invalid_destination' },
  '9006': { disconnectionReason: 'marked_as_spam' },
  '9007': { disconnectionReason: 'telephony_provider_unavailable' },
  '9008': { disconnectionReason: 'user_hangup', ring: '1s', duration: '1s', transcript: [] },
  '9009': { disconnectionReason: 'call_transfer' },
  '9010': { disconnectionReason: 'agent_hangup' },
  '9011': { disconnectionReason: 'user_hangup' },
  '9012': { disconnectionReason: 'ivr_reached' },
  '9013': { disconnectionReason: 'inactivity' },
  '9014': { disconnectionReason: 'max_duration_reached' },
  '9015': { disconnectionReason: 'dial_failed' },
  '9016': { disconnectionReason: 'sip_routing_error' },
  '9017': { disconnectionReason: 'telephony_provider_permission_denied' },
  '9018': { disconnectionReason: 'concurrency_limit_reached' },
  '9019': { disconnectionReason: 'error_llm_websocket_open' },
  '9020': { disconnectionReason: 'error_unknown' },
};

/** How a call to a number must go; undefined if its last digits say nothing. */
export function magicCallOf(
  number: string,
): { readonly digits: string; readonly outcome: ForcedCall } | undefined {
  const digits = /^\+\d{3,}(\d{4})$/.exec(number)?.[1];
  const outcome =
    digits !== undefined && Object.hasOwn(magicNumbers, digits) ? magicNumbers[digits] : undefined;
  return digits === undefined || outcome === undefined ? undefined : { digits, outcome };
}
