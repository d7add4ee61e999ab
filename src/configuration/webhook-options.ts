import type { OptionSpec } from './option-spec.js';
import { controlFormats } from '../workspace/settings.js';

/** The options about webhooks. */
export const webhookOptionSpecs: readonly OptionSpec[] = [
  {
    name: 'webhookUrl',
    placeholder: 'URL',
    description: 'where webhooks go whose agent has no URL; off for nowhere',
    default: 'off',
    allowed: controlFormats['webhook-url'].allowed,
  },
  {
    name: 'webhookAllow',
    placeholder: 'HOST',
    description:
      'host to send webhooks to, besides this machine, such as app or *.example.com; repeat it for more',
    allowed: 'a host name without port, such as app or *.example.com, or an IP address',
    schema: { type: 'array', items: { type: 'string', format: 'host-pattern' } },
  },
  {
    name: 'webhookRewrite',
    placeholder: 'FROM=TO',
    description:
      'send webhooks for URLs that begin with FROM (* for all) to TO; repeat it for more',
    allowed: 'two URLs, such as https://app.example.com=http://127.0.0.1:3000',
    schema: { type: 'array', items: { type: 'string', format: 'url-rewrite' } },
  },
  {
    name: 'webhookSigningKey',
    placeholder: 'KEY',
    description: "what signs webhooks; default is the workspace's API key",
    default: 'default',
    allowed: 'a text of 1 to 500 characters',
    secret: true,
  },
  {
    name: 'signatureClock',
    placeholder: 'CLOCK',
    description: "time in the signature of webhooks: real, or virtual for the workspace's",
    default: 'real',
    allowed: 'real or virtual',
  },
  {
    name: 'webhookEventTimestamp',
    placeholder: 'HOW',
    description: 'send or omit event_timestamp in the body of webhooks',
    default: 'send',
    allowed: 'send or omit',
  },
  {
    name: 'webhookCallKey',
    placeholder: 'KEY',
    description: 'what webhooks call the call or chat: call, data as in older versions, or both',
    default: 'call',
    allowed: 'call, data or both',
  },
  {
    name: 'webhookRetries',
    placeholder: 'COUNT',
    description: 'how often a webhook is sent again that was not answered with a 2xx',
    default: 3,
    allowed: 'a whole number from 0 to 10',
  },
  {
    name: 'webhookRetryPause',
    placeholder: 'TIME',
    description: 'how long to wait before that; each later pause is twice as long',
    default: '1s',
    allowed: controlFormats['time-span'].allowed,
  },
];
