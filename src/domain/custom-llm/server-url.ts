import { webhookUrlOf } from '../webhooks/webhook-event.js';

/**
 * Where the server of a call is. Documented: the agent's URL and the call's id; the URL may have dynamic
 * variables and a query, which stays at the end.
 * @returns undefined if that is no URL.
 */
export function serverUrlOf(
  template: string,
  variables: Readonly<Record<string, unknown>>,
  callId: string,
): string | undefined {
  const text = webhookUrlOf(template, undefined, variables) ?? '';
  if (!URL.canParse(text)) return undefined;
  const url = new URL(text);
  url.pathname = `${url.pathname.replace(/\/$/, '')}/${callId}`;
  return url.href;
}
