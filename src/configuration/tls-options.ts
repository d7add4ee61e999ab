import type { OptionSpec } from './option-spec.js';

/** The options about HTTPS. */
export const tlsOptionSpecs: readonly OptionSpec[] = [
  {
    name: 'tlsCert',
    placeholder: 'FILE',
    description: 'PEM file of the certificate, to serve HTTPS in place of HTTP; needs --tls-key',
    allowed: 'the path of a file',
    schema: { type: 'string', minLength: 1 },
  },
  {
    name: 'tlsKey',
    placeholder: 'FILE',
    description: "PEM file of the certificate's private key; needs --tls-cert",
    allowed: 'the path of a file',
    schema: { type: 'string', minLength: 1 },
  },
];
