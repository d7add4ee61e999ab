import { isOver, type CallEventName } from '../../domain/calls/call.js';
import type { CallRecord } from '../../domain/calls/call-record.js';
import type { JsonObject } from '../../domain/json.js';
import {
  originOf,
  wantsEvent,
  webhookBody,
  webhookUrlOf,
  type WebhookContent,
} from '../../domain/webhooks/webhook-event.js';
import { derivedHex } from '../../random.js';
import type { StoredCall } from '../../store/calls.js';
import type { NewDelivery } from '../../store/deliveries.js';
import type { StoreWriter } from '../../store/store.js';
import { loadValueGenerator, type GenerateValue } from '../conversation/schema-value.js';
import type { AskedFunction } from '../calls/functions.js';
import { callContextReader, type CallListener } from '../calls/call-steps.js';
import { toCallWithTranscript, toListedCall, transferNumberOf } from '../calls/render.js';
import { createKnownConversations } from '../calls/known-conversations.js';
import { allVariablesOf, turnTimesOf } from '../calls/said.js';
import type { CallContext, CallTransfer } from '../calls/call-context.js';
import { insertFunction } from './function-requests.js';
import {
  asWebhook,
  insertWithFault,
  releaseAtEnd,
  subjectOfCall,
  withoutFault,
} from './webhook-faults.js';
import type { Workspace } from '../workspaces/workspace.js';

/** Makes webhooks, and requests for custom functions, of what happens in calls. */
export interface CallWebhooks extends CallListener {
  /** Stores a request for a custom function. `prepare` must have been called. */
  readonly ask: (stored: StoredCall, asked: AskedFunction, writer: StoreWriter) => void;
  /** Loads what `generate` needs. */
  readonly load: () => Promise<void>;
}

/**
 * A webhook is stored with its body in the transaction that stores
 * what it tells of. So it tells what the call was at that time, whatever becomes of the call before it is
 * sent, and a crash never loses only one of the two.
 * @param onStored called within the transaction that stores a webhook.
 */
export function createCallWebhooks(
  get: (workspaceId: number) => Workspace,
  onStored: (workspaceId: number) => void,
): CallWebhooks {
  const generator = loadedOnce();
  const conversationOf = createKnownConversations();
  const contentOf = (name: CallEventName, call: CallRecord, moment: Moment): WebhookContent => {
    const { context, at } = moment;
    const extra = extraOf(name, call, context);
    if (name === 'transcript_updated' && !isOver(call.state.status)) {
      return { subject: toCallWithTranscript(call, context, generator.get(), at), time: at, extra };
    }
    const { collected, transcripts } = conversationOf(call, context, generator.get(), at);
    const subject = toListedCall(call, context, collected, at);
    return { subject, lastProperties: transcripts, time: at, extra };
  };
  const accountUrlOf = (id: number): string | undefined => get(id).settings.webhooks.url;
  const hasUrl = (id: number, { agent }: CallContext): boolean =>
    (agent.webhookUrl ?? '') !== '' || accountUrlOf(id) !== undefined;
  const ask: CallWebhooks['ask'] = (stored, asked, writer) => {
    const { workspaceId } = stored;
    insertFunction(writer, get(workspaceId), stored, {
      ...{ asked, context: callContextReader(writer)(stored), generate: generator.get() },
    });
    onStored(workspaceId);
  };
  return {
    prepare: (id, context) =>
      generator.isLoaded() || !(hasUrl(id, context) || context.functions.length > 0)
        ? undefined
        : generator.load(),
    generate: () => generator.get(),
    load: () => generator.load(),
    ask,
    onStep({ call: stored, events, asked }, writer) {
      if (asked !== undefined) {
        ask(stored, asked, writer);
        return true;
      }
      if (events.length === 0) return false;
      const context = callContextReader(writer)(stored);
      const url = urlOf(stored.call, context, accountUrlOf(stored.workspaceId));
      if (url === undefined) return false;
      const wanted = events.filter(({ name }) => wantsEvent(context.agent.events, name));
      const workspace = get(stored.workspaceId);
      for (const { name, at } of wanted) {
        const content = contentOf(name, stored.call, { context, at });
        const body = webhookBody(name, content, workspace.settings.webhooks.form);
        const delivery = toDelivery(stored, { name, at, url, body, context });
        insertWithFault(writer, workspace, subjectOfCall(stored.call), delivery);
      }
      releaseAtEnd(writer, atEnd(stored), events.at(-1)?.at ?? 0);
      if (wanted.length > 0) onStored(stored.workspaceId);
      return wanted.length > 0;
    },
    sendsTurns: (id, context) =>
      wantsEvent(context.agent.events, 'transcript_updated') && hasUrl(id, context),
    turnsOf: (call, context) => turnTimesOf(call, context, generator.get()),
  };
}

const atEnd = ({ workspaceId, call, nextAt }: StoredCall) => ({
  ...{ workspaceId, id: call.id, nextAt },
  isOver: isOver(call.state.status),
});

/** The generator of values, which is loaded when it is first needed. */
function loadedOnce() {
  let generate: GenerateValue | undefined;
  let loading: Promise<void> | undefined;
  return {
    isLoaded: (): boolean => generate !== undefined,
    load: (): Promise<void> =>
      (loading ??= loadValueGenerator().then((loaded) => {
        generate = loaded;
      })),
    get(): GenerateValue {
      if (generate === undefined) throw new Error('the listener of calls was not prepared');
      return generate;
    },
  };
}

function urlOf(
  call: CallRecord,
  context: CallContext,
  accountUrl: string | undefined,
): string | undefined {
  const { webhookUrl } = context.agent;
  const hasVariables = `${webhookUrl ?? ''}${accountUrl ?? ''}`.includes('{{');
  // Variables of the engine take a while to read.
  const variables = hasVariables ? allVariablesOf(call, context) : {};
  return webhookUrlOf(webhookUrl, accountUrl, variables);
}

interface Moment {
  readonly context: CallContext;
  readonly at: number;
}

/** Documented: transfers have these beside the call, with keys in camel case. */
function extraOf(name: CallEventName, call: CallRecord, context: CallContext): object {
  if (!/^transfer_(started|bridged|cancelled)$/.test(name)) return {};
  return {
    transfer_destination: { number: transferNumberOf(call, context) },
    transfer_option: optionOf(context.transfer),
  };
}

const coldTransfer: CallTransfer['option'] = { type: 'cold_transfer' };

function optionOf(transfer: CallTransfer | undefined): JsonObject {
  const given = Object.entries({ ...coldTransfer, ...transfer?.option });
  return Object.fromEntries(given.map(([key, value]) => [toCamelCase(key), value]));
}

const toCamelCase = (key: string): string =>
  key.replaceAll(/_([a-z])/g, (_, letter: string) => letter.toUpperCase());

interface Event {
  readonly name: CallEventName;
  readonly at: number;
  readonly url: string;
  readonly body: string;
  readonly context: CallContext;
}

const toDelivery = (
  { workspaceId, call }: StoredCall,
  { name, at, url, body, context }: Event,
): NewDelivery => ({
  workspaceId,
  // A call has an event once at most, and turns one after the other.
  id: `delivery_${derivedHex(24, call.seed, call.id, name, call.state.passed)}`,
  event: name,
  callId: call.id,
  url,
  origin: originOf(url),
  body,
  timeout: context.agent.webhookTimeout,
  happenedAt: at,
  dueAt: at,
  ...withoutFault,
  ...asWebhook,
});
