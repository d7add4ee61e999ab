import type { components } from '../contract/control.gen.js';
import type { Forgery } from '../domain/webhooks/webhook-event.js';
import { journalRings, type RingRecord } from '../workspace/journal/rings.js';
import { createListeners, type Listener } from '../workspace/listeners.js';

type Schemas = components['schemas'];

export type DeliveryEvent = Schemas['ToldEvent'];
export type DeliveryState = Schemas['DeliveryState'];

/** The request for a custom function, as far as it is none of a webhook. */
export interface FunctionParts {
  readonly tool: string;
  readonly method: Schemas['Delivery']['method'];
  /** Those of the tool. */
  readonly headers: Readonly<Record<string, string>>;
}

/** One request of a delivery, as it was sent and answered. */
export interface AttemptRecord {
  /** By the workspace's clock. */
  readonly time: number;
  /** By the machine's clock. */
  readonly realTime: number;
  readonly target: string;
  readonly headers: Readonly<Record<string, string>>;
  status: number | undefined;
  answer: string;
  error: string | undefined;
  /** Undefined until the answer is over. */
  latency: number | undefined;
}

/** A webhook, and what became of it. */
export interface DeliveryRecord extends RingRecord {
  /** Rises from delivery to delivery of the process. */
  number: number;
  id: string;
  event: DeliveryEvent;
  /** What a request for a custom function has besides. */
  ofFunction: FunctionParts | undefined;
  callId: string | undefined;
  url: string;
  state: DeliveryState;
  forgery: Forgery | undefined;
  /** The fault rule that hit it. */
  fault: string | undefined;
  /** When the event happened, by the workspace's clock. */
  time: number;
  /** When the next attempt is due, by the workspace's clock; undefined if none is. */
  nextAttempt: number | undefined;
  error: string | undefined;
  /** The JSON that is sent, unless the delivery is forged so that it is none. */
  body: string;
  /** How many attempts were made before this process was started. */
  earlierAttempts: number;
  attempts: AttemptRecord[];
  /** How many of these are in its size. */
  counted: number;
}

/** True if nothing more becomes of a delivery. */
export const isOver = ({ state }: Pick<DeliveryRecord, 'state'>): boolean =>
  state !== 'sending' && state !== 'waiting';

export const attemptsOf = ({ earlierAttempts, attempts }: DeliveryRecord): number =>
  earlierAttempts + attempts.length;

type NewRecord = Pick<
  DeliveryRecord,
  'id' | 'event' | 'callId' | 'url' | 'forgery' | 'time' | 'body'
> &
  Partial<Pick<DeliveryRecord, 'earlierAttempts' | 'fault' | 'ofFunction'>>;

/** What a delivery has come to. */
export interface DeliveryChange {
  readonly state: DeliveryState;
  readonly error?: string | undefined;
  readonly nextAttempt?: number;
}

/** The last deliveries of each workspace, in memory. */
export interface DeliveryJournal {
  /** What every delivery's id is made of: the number of the next one. */
  nextNumber(): number;
  add(workspace: string, delivery: NewRecord): DeliveryRecord;
  /** Notes what a delivery has come to, and tells those that wait for one. */
  change(workspace: string, record: DeliveryRecord, change: DeliveryChange): void;
  /** The newest last. */
  list(workspace: string): readonly DeliveryRecord[];
  clear(workspace: string): void;
  subscribe(workspace: string, listener: Listener<DeliveryRecord>): () => void;
}

/** What a record and an attempt take in memory beside their texts. */
const recordSize = 1000;
const attemptSize = 1500;

/** @param limits the most deliveries of one workspace, and the most bytes of all workspaces together. */
export function createDeliveryJournal(limits: { entries: number; bytes: number }): DeliveryJournal {
  const rings = journalRings<DeliveryRecord>({ ...limits, make: emptyRecord });
  const listeners = createListeners<DeliveryRecord>();
  let lastNumber = 0;
  return {
    nextNumber: () => lastNumber + 1,
    add(workspace, delivery) {
      lastNumber += 1;
      // A journal of no entries has nowhere to put one.
      const size = recordSize + sizeOf(delivery.body) + sizeOf(delivery.url);
      const record = limits.entries === 0 ? emptyRecord() : rings.next(workspace, size);
      return Object.assign(record, delivery, { number: lastNumber });
    },
    change(workspace, record, { state, error, nextAttempt }) {
      record.state = state;
      record.error = error;
      record.nextAttempt = nextAttempt;
      const since = record.attempts.slice(record.counted);
      record.counted = record.attempts.length;
      const answers = since.reduce((sum, { answer }) => sum + sizeOf(answer), 0);
      rings.grow(workspace, record, since.length * attemptSize + answers);
      listeners.call(workspace, record);
    },
    list: (workspace) => rings.list(workspace),
    clear(workspace) {
      rings.clear(workspace);
      listeners.call(workspace, undefined);
    },
    subscribe: (workspace, listener) => listeners.add(workspace, listener),
  };
}

const emptyRecord = (): DeliveryRecord => ({
  size: 0,
  isKept: true,
  number: 0,
  id: '',
  event: 'call_started',
  ofFunction: undefined,
  callId: undefined,
  url: '',
  state: 'sending',
  forgery: undefined,
  fault: undefined,
  time: 0,
  nextAttempt: undefined,
  error: undefined,
  body: '',
  earlierAttempts: 0,
  attempts: [],
  counted: 0,
});

/** The bytes of a text in memory, at the most. */
const sizeOf = (text: string): number => text.length * 2;
