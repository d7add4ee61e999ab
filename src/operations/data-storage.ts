import type { DataStorageSetting } from '../domain/calls/call.js';
import { ApiError } from '../errors.js';

const strictness: readonly DataStorageSetting[] = [
  'everything',
  'everything_except_pii',
  'basic_attributes_only',
];

/** The setting to store less. @throws ApiError 400 if that would store more */
export function stricter(
  present: DataStorageSetting,
  asked: DataStorageSetting | undefined,
  place: string,
): DataStorageSetting | undefined {
  if (asked !== undefined && strictness.indexOf(asked) < strictness.indexOf(present)) {
    throw new ApiError('invalid_request', `${place} must not be less strict than ${present}`);
  }
  return asked;
}
