import type { FastifyRequest } from 'fastify';
import type { Emulator } from '../emulator.js';
import { ApiError, messageOf, MissingError, SchemaError } from '../errors.js';
import type { Settings, Wording } from '../workspace/settings.js';

/** The settings for a request to the vendor's API. */
export const settingsFor = ({ workspaces }: Emulator, { workspace }: FastifyRequest): Settings =>
  (workspace === null ? undefined : workspaces.find(workspace)?.settings) ??
  workspaces.defaultSettings;

/** Puts a refusal into the words that the settings ask for. Leaves any other error as it is. */
export function reworded(
  error: unknown,
  { missing, validationErrors, ...wording }: Wording,
): unknown {
  if (error instanceof MissingError && missing === 'observed') return error.observed;
  if (error instanceof SchemaError) error.form = validationErrors;
  if (error instanceof ApiError) error.message = messageFor(error, wording) ?? error.message;
  return error;
}

/** The message of a status, as the settings have it. */
export const statusMessage = (status: number, wording: Wording): string =>
  messageFor({ statusCode: status }, wording) ?? messageOf(status);

const messageFor = (
  { statusCode }: Pick<ApiError, 'statusCode'>,
  { creditMessage, rateLimitMessage }: Pick<Wording, 'creditMessage' | 'rateLimitMessage'>,
): string | undefined =>
  statusCode === 402 ? creditMessage : statusCode === 429 ? rateLimitMessage : undefined;
