import type { components } from '../../contract/control.gen.js';

/** What a webhook reports. */
export type WebhookEvent = components['schemas']['WebhookEvent'];

/** What a stored delivery is about: an event, or the call of a custom function. */
export type QueuedEvent = WebhookEvent | 'custom_function';

/** What is wrong with a webhook on purpose. */
export type Forgery = components['schemas']['Forgery'];

/** The events that are about a chat; the others are about a call. */
export const isChatEvent = (event: WebhookEvent): boolean => event.startsWith('chat_');

/** Documented: an agent that names no events gets these. */
const defaultEvents: readonly WebhookEvent[] = [
  ...(['call_started', 'call_ended', 'call_analyzed'] as const),
  ...(['chat_started', 'chat_ended', 'chat_analyzed'] as const),
];

/** True if an agent with these `webhook_events` gets the event. */
export const wantsEvent = (
  events: readonly string[] | null | undefined,
  event: WebhookEvent,
): boolean => (events ?? defaultEvents).includes(event);

/** How the body of a webhook is written. */
export interface WebhookForm {
  /** Whether it has the time of the event. */
  readonly webhookEventTimestamp: 'send' | 'omit';
  /** What the call or chat is called; `data` in older versions. */
  readonly webhookCallKey: 'call' | 'data' | 'both';
}

/** What a webhook says. */
export interface WebhookContent {
  /** The call or chat as the vendor's API returns it at the time of the event. */
  readonly subject: object;
  /** The last properties of the subject, as the JSON of an object. */
  readonly lastProperties?: string;
  /** When the event happened, by the workspace's clock. */
  readonly time: number;
  /** What goes beside the call: the destination of a transfer. */
  readonly extra?: object;
  /** What the subject is, of an event of both. */
  readonly name?: 'call' | 'chat';
}

/**
 * The body of a webhook. It is JSON as `JSON.stringify` writes it, because some receivers check the
 * signature over a body that they parsed and wrote again.
 */
export function webhookBody(
  event: WebhookEvent,
  { subject, lastProperties = '{}', time, extra = {}, ...content }: WebhookContent,
  { webhookEventTimestamp, webhookCallKey }: WebhookForm,
): string {
  const { name = isChatEvent(event) ? 'chat' : 'call' } = content;
  const known = event.endsWith('_analyzed') ? subject : withoutAnalysis(subject);
  const json = joinObjects(JSON.stringify(known), lastProperties);
  return [
    JSON.stringify({
      event,
      ...(webhookEventTimestamp === 'send' && { event_timestamp: time }),
    }),
    ...(webhookCallKey === 'data' ? [] : [`{"${name}":${json}}`]),
    ...(webhookCallKey === 'call' ? [] : [`{"data":${json}}`]),
    JSON.stringify(extra),
  ].reduce(joinObjects);
}

/** The JSON of an object with the properties of both. */
function joinObjects(first: string, second: string): string {
  if (second === '{}') return first;
  return first === '{}' ? second : `${first.slice(0, -1)},${second.slice(1)}`;
}

/** Documented: only the event of the analysis has it. */
const withoutAnalysis = (subject: object): object =>
  Object.fromEntries(
    Object.entries(subject).filter(([name]) => !/^(call|chat)_analysis$/.test(name)),
  );

/** Longest URL that is sent to. */
const maxUrlLength = 4096;

/**
 * Where an agent's webhooks go: to its own URL, or else to the account's. Documented: both may have dynamic
 * variables, written `{{name}}`, which are filled in for each call.
 * @returns undefined if there is no URL.
 */
export function webhookUrlOf(
  agentUrl: string | null | undefined,
  accountUrl: string | undefined,
  variables: Readonly<Record<string, unknown>>,
): string | undefined {
  // An empty text is no URL.
  const template = agentUrl === '' ? accountUrl : (agentUrl ?? accountUrl);
  return template
    ?.slice(0, maxUrlLength)
    .replaceAll(/\{\{\s*([\w.-]+)\s*\}\}/g, (whole, name: string) => {
      const value = Object.hasOwn(variables, name) ? variables[name] : undefined;
      return typeof value === 'string' ? value : whole;
    })
    .slice(0, maxUrlLength);
}

/** Scheme, host and port of a URL; the whole text if it is none. */
export const originOf = (url: string): string => (URL.canParse(url) ? new URL(url).origin : url);
