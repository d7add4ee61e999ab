import type { ErrorObject } from 'ajv/dist/2020.js';

/**
 * Describes a problem in the words of the real service: `request/body/x must be string`. Observed (facts.md
 * 41, Errors): these are the words of express-openapi-validator. They are Ajv's own words with `request`
 * before the path, and with the allowed values after an enum's message.
 * @param root `body` or `query`
 */
export function inObservedWords(root: string, error: ErrorObject | undefined): string {
  const path = `request/${root}${error?.instancePath ?? ''}`;
  if (error === undefined) return `${path} is invalid`;
  const { keyword, params, parentSchema, message = 'is invalid' } = error;
  switch (keyword) {
    case 'discriminator': {
      const { tag, tagValue } = params as { tag: string; tagValue: unknown };
      const { allowed } = parentSchema?.['discriminator'] as { allowed: string[] };
      return tagValue === undefined
        ? `${path} must have required property '${tag}'`
        : `${path}/${tag} ${oneOf(allowed)}`;
    }
    case 'enum':
      return `${path} ${oneOf((params as { allowedValues: unknown[] }).allowedValues)}`;
    case 'const':
      return `${path} ${oneOf([(params as { allowedValue: unknown }).allowedValue])}`;
    case 'type': {
      // Observed: null instead of a string gets "must be string". The vendor's contract has "nullable" where
      // ours has a list of types.
      const types = [(params as { type: string | string[] }).type].flat();
      return `${path} must be ${types.filter((type) => type !== 'null').join()}`;
    }
    case 'unevaluatedProperties':
      return `${path} must NOT have additional properties`;
    default:
      return `${path} ${message}`;
  }
}

const oneOf = (values: readonly unknown[]): string =>
  `must be equal to one of the allowed values: ${values.map(String).join(', ')}`;
