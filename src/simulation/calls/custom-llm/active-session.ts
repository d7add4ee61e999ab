import type { DisconnectionReason } from '../../../domain/calls/call.js';
import type { CallRecord, LiveEntry } from '../../../domain/calls/call-record.js';
import {
  awaitsServer,
  newSession,
  nextByMachine,
  nextByWorkspace,
  type Measured,
  type Session,
  type SessionEffect,
  type SessionEvent,
  type SessionPlan,
} from '../../../domain/custom-llm/session.js';
import { redactBody } from '../../../domain/requests/redaction.js';
import { stepSession } from '../../../domain/custom-llm/step.js';
import type { Connection, Connector } from './connection.js';
import type { FrameJournal, MetadataJournal } from './frame-journal.js';
import { frameText } from './frame-text.js';

/** What became of a call, to be stored. */
export interface Progress {
  /** By the workspace's clock. */
  readonly at: number;
  readonly entries: readonly LiveEntry[];
  readonly measured: Measured;
  /** True if somebody has finished to speak. */
  readonly isTurnOver: boolean;
  readonly end:
    | { readonly reason: DisconnectionReason; readonly transferNumber: string | undefined }
    | undefined;
}

export interface SessionParts {
  readonly callKey: number;
  readonly call: CallRecord;
  readonly url: string;
  readonly plan: SessionPlan;
  /** When the call was connected. */
  readonly connectedAt: number;
  /** True if the workspace's clock does not count: all that comes next happens at once. */
  readonly isUnclocked: boolean;
  readonly connector: Connector;
  readonly frames: FrameJournal;
  readonly metadata: MetadataJournal;
  /** The machine's time. */
  readonly real: () => number;
  /** The time of the workspace. */
  readonly now: () => number;
  /** The call as its details are shown to the server. */
  readonly showCall: () => object;
  /** Stores what became of the call. */
  readonly store: (progress: Progress) => void;
  /** Called when a deadline may have changed, or when the server is awaited no more. */
  readonly onChange: () => void;
}

/** Steps that follow each other without an event, at the most: each is something that somebody does. */
const maxSteps = 10_000;

/** A session under way, with its connection. */
export class ActiveSession {
  readonly #parts: SessionParts;
  #session: Session;
  /** The time of the last event, by the workspace's clock. */
  #at: number;
  #connection: Connection | undefined;

  constructor(parts: SessionParts) {
    this.#parts = parts;
    this.#at = parts.connectedAt;
    this.#session = newSession(parts.plan, { at: this.#at, real: parts.real() });
  }

  get isOver(): boolean {
    return this.#session.floor.kind === 'over';
  }

  /** When something happens by itself, by the workspace's clock; Infinity if nothing does. */
  get nextByWorkspace(): number {
    return this.#parts.isUnclocked ? Infinity : nextByWorkspace(this.#session);
  }

  get nextByMachine(): number {
    return nextByMachine(this.#session);
  }

  /** The time beyond which the workspace's clock must not run ahead; Infinity if it may. */
  get heldAt(): number {
    return this.#parts.isUnclocked || awaitsServer(this.#session) ? this.#at : Infinity;
  }

  /** @param at the time by the workspace's clock; the present if absent. */
  take(event: SessionEvent, at = this.#parts.isUnclocked ? this.#at : this.#parts.now()): void {
    if (this.isOver) return;
    this.#at = Math.max(this.#at, at);
    this.#step(event);
    if (this.#parts.isUnclocked) this.#passAll();
    this.#parts.onChange();
  }

  #passAll(): void {
    for (let count = 0; count < maxSteps; count += 1) {
      if (this.isOver || awaitsServer(this.#session)) return;
      this.#at = Math.max(this.#at, nextByWorkspace(this.#session));
      this.#step({ kind: 'time' });
    }
  }

  #step(event: SessionEvent): void {
    const before = this.#session;
    const now = { at: this.#at, real: this.#parts.real() };
    const { session, effects } = stepSession(before, event, now);
    this.#session = session;
    const end = effects.find((effect) => effect.do === 'end');
    const spoken = spokenBy(session.entries, this.#at);
    const isTurnOver = spoken > this.#spoken;
    this.#spoken = spoken;
    if (session.entries !== before.entries || isTurnOver || end !== undefined) {
      const { entries, measured } = session;
      this.#parts.store({ at: this.#at, entries, measured, isTurnOver, end });
    }
    for (const effect of effects) this.#perform(effect);
  }

  #spoken = 0;

  #perform(effect: SessionEffect): void {
    switch (effect.do) {
      case 'connect':
        this.#connect();
        return;
      case 'drop':
        this.#connection?.drop();
        this.#connection = undefined;
        return;
      case 'close':
        this.#connection?.close(effect.code);
        this.#connection = undefined;
        return;
      case 'send': {
        const { callId, connectedAt } = { callId: this.#parts.call.id, ...this.#parts };
        const text = frameText(effect.frame, {
          ...{ callId, connectedAt, entries: effect.entries, at: effect.at },
          withToolCalls: this.#session.config.withToolCalls,
          call: this.#parts.showCall,
        });
        const sent = effect.isCut ? text.slice(0, text.length / 2) : text;
        this.#record('sent', sent);
        this.#connection?.send(sent);
        return;
      }
      case 'forward': {
        const { callKey, metadata } = this.#parts;
        metadata.add(callKey, { time: this.#at, metadata: effect.metadata });
        return;
      }
      case 'note':
        this.#record('note', effect.text);
        return;
      case 'end':
        this.#record('note', `the call ends: ${effect.reason}`);
    }
  }

  #connect(): void {
    const { connector, url } = this.#parts;
    this.#connection?.drop();
    this.#record('note', `connecting to ${String(redactBody(url))}`);
    this.#connection = connector.open(url, {
      opened: () => {
        this.#record('note', 'connected');
        this.take({ kind: 'opened' });
      },
      failed: (problem) => {
        this.#connection = undefined;
        this.take({ kind: 'failed', problem });
      },
      closed: (code, problem) => {
        this.#connection = undefined;
        const why = problem === '' ? '' : `: ${problem}`;
        this.#record('note', `the connection was closed with ${String(code)}${why}`);
        this.take({ kind: 'closed', code });
      },
      text: (text) => {
        this.#record('received', text);
        this.take({ kind: 'text', text });
      },
      binary: (size) => {
        this.#record('received', `(${String(size)} bytes)`);
        this.take({ kind: 'binary' });
      },
    });
  }

  #record(direction: 'sent' | 'received' | 'note', text: string): void {
    const { frames, callKey, real } = this.#parts;
    frames.add(callKey, { direction, time: this.#at, realTime: real(), text });
  }

  /** Ends the session without a word about it to the call, which has ended otherwise. */
  abandon(): void {
    if (this.isOver) return;
    this.#session = { ...this.#session, floor: { kind: 'over' } };
    this.#connection?.close(1000);
    this.#connection = undefined;
    this.#parts.onChange();
  }
}

const spokenBy = (entries: readonly LiveEntry[], at: number): number =>
  entries.reduce((count, { until }) => (until !== undefined && until <= at ? count + 1 : count), 0);
