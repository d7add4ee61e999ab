import type { FastifyRequest } from 'fastify';
import type { Emulator } from '../../emulator.js';
import { ApiError, messageOf, MissingError, SchemaError } from '../../errors.js';
import type { Settings, Wording } from '../../workspace/settings.js';

/** The settings that apply to a request to the vendor's API. */
export const settingsFor = ({ workspaces }: Emulator, { workspace }: FastifyRequest): Settings =>
  (workspace === null ? undefined : workspaces.find(workspace)?.settings) ??
  workspaces.defaultSettings;

/** Gives an error the message that the settings choose. Returns any other error unchanged. */
export function applyWording(
  error: unknown,
  { missing, validationErrors, ...wording }: Wording,
): unknown {
  if (error instanceof MissingError && missing === 'observed') return error.observed;
  if (error instanceof SchemaError) error.form = validationErrors;
  if (error instanceof ApiError) error.message = messageFor(error, wording) ?? error.message;
  return error;
}

/** The message of a status under these settings. */
export const statusMessage = (status: number, wording: Wording): string =>
  messageFor({ statusCode: status }, wording) ?? messageOf(status);

const messageFor = (
  { statusCode }: Pick<ApiError, 'statusCode'>,
  { creditMessage, rateLimitMessage }: Pick<Wording, 'creditMessage' | 'rateLimitMessage'>,
): string | undefined =>
  statusCode === 402 ? creditMessage : statusCode === 429 ? rateLimitMessage : undefined;
