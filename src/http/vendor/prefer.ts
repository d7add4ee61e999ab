import type { FastifyReply, FastifyRequest } from 'fastify';
import type { ContractOperation } from '../../contract/document.js';
import { ApiError } from '../../errors.js';
import type { Fault } from '../../operations/faults.js';

/** Milliseconds. Clients give up earlier than that. */
const maxDelay = 600_000;

/**
 * Reads the `Prefer` header (RFC 7240): `code=429`, `delay=1500`, or both, separated by a comma. Other
 * preferences are ignored. The header `Preference-Applied` of the answer lists those that apply.
 * @throws ApiError 400 if the operation has no such status, or if a value is not a number.
 */
export function readPreference(
  { headers }: FastifyRequest,
  { id, statuses, success }: ContractOperation,
  reply: FastifyReply,
): Fault | undefined {
  const { prefer } = headers;
  if (prefer === undefined) return undefined;
  const preferences = new Map(
    String(prefer)
      .split(/[,;]/)
      .map((preference) => preference.split('=', 2).map((part) => part.trim().replaceAll('"', '')))
      .map(([name = '', value = '']) => [name.toLowerCase(), value]),
  );
  const code = preferences.get('code');
  const delay = preferences.get('delay');
  if (code === undefined && delay === undefined) return undefined;

  const status = code === undefined ? success : readNumber('code', code, 999);
  if (!statuses.includes(status)) {
    const known = statuses.join(', ');
    throw new ApiError('invalid_request', `header prefer: code of ${id} must be one of ${known}`);
  }
  const latency = delay === undefined ? 0 : readNumber('delay', delay, maxDelay);
  const applied = [
    ...(code === undefined ? [] : [`code=${code}`]),
    ...(delay === undefined ? [] : [`delay=${delay}`]),
  ];
  reply.header('preference-applied', applied.join(', '));
  return {
    cause: { source: 'prefer' },
    phase: 'before',
    latency,
    ...(status !== success && { error: { status } }),
  };
}

function readNumber(name: string, text: string, max: number): number {
  const number = /^\d+$/.test(text) ? Number(text) : NaN;
  if (number <= max) return number;
  const problem = `header prefer: ${name} must be a whole number of at most ${String(max)}`;
  throw new ApiError('invalid_request', problem);
}
