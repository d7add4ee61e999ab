import type { DisconnectionReason } from '../calls/call.js';
import type { LiveEntry } from '../calls/call-record.js';
import { newLink, nextOfLink, type Link } from './link.js';
import type { AgentAction, AgentPace, LinkConfig } from './server-frame.js';

/** Something that the user of a call does in turn. Times in milliseconds. */
export type UserTurn =
  | {
      readonly kind: 'say';
      /** How long the user waits before, once nobody speaks. */
      readonly pause: number;
      readonly content: string;
      /** The user breaks in as soon as the agent has said so many characters. */
      readonly interruptsAfter?: number | undefined;
    }
  | { readonly kind: 'press'; readonly pause: number; readonly digit: string }
  /** Says nothing for so long. */
  | { readonly kind: 'wait'; readonly duration: number };

/** Something that goes wrong with a connection on purpose. */
export type SocketFaultKind =
  /** The emulator connects late. */
  | 'late-connect'
  /** The connection is dropped without a close frame, and opened again. */
  | 'drop'
  /** Nothing goes through any more, so that no ping comes. */
  | 'missing-pings'
  /** The user pauses in mid-sentence: a request follows that makes the first one stale. */
  | 'supersede'
  /** The request is sent twice. */
  | 'double'
  /** A frame is cut before the request. */
  | 'corrupt';

export interface SocketFault {
  readonly kind: SocketFaultKind;
  /** The user's turn whose request it is about, counted from 1. */
  readonly turn: number;
  /** How often it happens. */
  readonly times: number;
  /** How late, by the workspace's clock. */
  readonly delay: number;
}

/** What a session is held with. */
export interface SessionPlan {
  readonly turns: readonly UserTurn[];
  /** What the user does after the last turn. */
  readonly afterwards: { readonly kind: 'hang-up'; readonly pause: number } | { kind: 'stay' };
  readonly faults: readonly SocketFault[];
  /** The agent's settings. */
  readonly pace: AgentPace;
  /** The latest end of the call, by the workspace's clock. */
  readonly endsBy: { readonly at: number; readonly reason: DisconnectionReason };
  /** Documented: the agent waits so long before the begin message. */
  readonly beginDelay: number;
  /** Documented: the call ends when the user is silent for so long after the agent has spoken. */
  readonly silenceLimit: number;
  /** Milliseconds of the machine's clock that the user waits for the server. */
  readonly answerTimeout: number;
}

/** Something that the agent says, as far as it has come. */
export interface AgentSpeech extends AgentAction {
  readonly source: 'response' | 'agent_interrupt';
  readonly id: number;
  readonly content: string;
  readonly isComplete: boolean;
  readonly mayBeInterrupted: boolean;
}

/** Who has the floor. Times are the workspace's, but for those of answers. */
export type Floor =
  /** The call begins later. */
  | { readonly kind: 'before'; readonly until: number }
  /** The server is to say something: until then at the latest, by the machine's clock. */
  | { readonly kind: 'awaiting'; readonly until: number }
  /** `until` is when the speech is over; undefined if the server has not said all of it. */
  | {
      readonly kind: 'agent';
      readonly from: number;
      readonly until: number | undefined;
      /** When the user gives up on the rest, by the machine's clock. */
      readonly givesUpAt: number;
    }
  | {
      readonly kind: 'user';
      readonly content: string;
      readonly from: number;
      readonly until: number;
      /** When a request is sent before the user has finished; Infinity if none is. */
      readonly pausesAt: number;
    }
  | { readonly kind: 'nobody'; readonly since: number }
  | { readonly kind: 'over' };

/** What was measured of the server, in milliseconds of the machine's clock. */
export interface Measured {
  /** From a request to the first words of its answer. */
  readonly answers: readonly number[];
  /** From a ping to its answer. */
  readonly roundTrips: readonly number[];
}

/** A call that a custom LLM holds, at a moment. It is changed by `stepSession` only. */
export interface Session {
  readonly plan: SessionPlan;
  readonly link: Link;
  readonly config: LinkConfig;
  readonly hasSentDetails: boolean;
  /** True once the server closed the connection in order: the call ends with what the agent says. */
  readonly hangsUp: boolean;
  readonly floor: Floor;
  /** The agent does not speak before, by the workspace's clock. */
  readonly beginsAt: number;
  /** The id of the newest request; 0 is that of the begin message, which is never requested. */
  readonly newest: number;
  /** Whether content for the newest request is still taken. */
  readonly isOpen: boolean;
  readonly lastRequest: RequestKind;
  /** True if the newest request could not be sent, because there was no connection. */
  readonly isOwed: boolean;
  /** When it was sent, by the machine's clock; undefined once its answer has begun. */
  readonly askedAt: number | undefined;
  readonly newestInterrupt: number;
  readonly isInterruptOpen: boolean;
  /** What the agent says now, and what it says next. */
  readonly speeches: readonly AgentSpeech[];
  /** How many of the user's turns are over, and how often the user has spoken. */
  readonly turn: number;
  readonly spoken: number;
  /** When the user's silence is over that a turn asks for. */
  readonly waitsUntil: number | undefined;
  /** Reminders since the user spoke. */
  readonly reminders: number;
  readonly pace: AgentPace;
  readonly faults: readonly SocketFault[];
  readonly entries: readonly LiveEntry[];
  readonly measured: Measured;
  /** Frames that came from the server. */
  readonly received: number;
}

export type RequestKind = 'response_required' | 'reminder_required';

export interface Instant {
  /** By the workspace's clock. */
  readonly at: number;
  /** By the machine's clock. */
  readonly real: number;
}

export type SessionEvent =
  /** Deadlines of either clock may be over. */
  | { readonly kind: 'time' | 'opened' | 'binary' }
  | { readonly kind: 'failed'; readonly problem: string }
  | { readonly kind: 'closed'; readonly code: number }
  | { readonly kind: 'text'; readonly text: string }
  /** The user speaks or presses a key, by hand. */
  | { readonly kind: 'says'; readonly content: string }
  | { readonly kind: 'presses'; readonly digit: string }
  /** The client puts something into the conversation, or has the agent speak. */
  | { readonly kind: 'injects'; readonly content: string }
  | { readonly kind: 'triggers' };

/** A frame for the server. `entries` are what its transcripts show, as of `at`. */
export type OutgoingFrame =
  | { readonly interaction_type: 'call_details' }
  | { readonly interaction_type: 'ping_pong'; readonly timestamp: number }
  | { readonly interaction_type: 'update_only'; readonly turntaking?: 'agent_turn' | 'user_turn' }
  | { readonly interaction_type: RequestKind; readonly response_id: number };

export type SessionEffect =
  /** Opens a connection, in the place of any other. */
  | { readonly do: 'connect' | 'drop' }
  | { readonly do: 'close'; readonly code: number }
  | {
      readonly do: 'send';
      readonly frame: OutgoingFrame;
      readonly entries: readonly LiveEntry[];
      readonly at: number;
      /** True if only a part of the frame is sent. */
      readonly isCut: boolean;
    }
  /** Documented: metadata goes to the browser of a web call. */
  | { readonly do: 'forward'; readonly metadata: unknown }
  /** Why a frame of the server changed nothing, or what else is worth knowing. */
  | { readonly do: 'note'; readonly text: string }
  | {
      readonly do: 'end';
      readonly reason: DisconnectionReason;
      readonly transferNumber: string | undefined;
    };

/** A session of a call that was just connected. */
export function newSession(plan: SessionPlan, now: Instant): Session {
  const late = plan.faults.find(({ kind }) => kind === 'late-connect');
  return {
    plan,
    link: newLink,
    config: { autoReconnect: false, callDetails: false, withToolCalls: false },
    hasSentDetails: false,
    hangsUp: false,
    floor: { kind: 'before', until: now.at + (late?.delay ?? 0) },
    beginsAt: now.at + plan.beginDelay,
    newest: 0,
    isOpen: true,
    lastRequest: 'response_required',
    isOwed: false,
    askedAt: undefined,
    newestInterrupt: -1,
    isInterruptOpen: false,
    speeches: [],
    turn: 0,
    spoken: 0,
    waitsUntil: undefined,
    reminders: 0,
    pace: plan.pace,
    faults: plan.faults,
    entries: [],
    measured: { answers: [], roundTrips: [] },
    received: 0,
  };
}

/**
 * What the agent will have said when the user breaks in: whole words of the first so many characters.
 * Undefined if the user does not break in, or if the server has not said so much yet.
 */
export function interruptionOf(session: Session): string | undefined {
  const { floor, plan, turn, speeches, pace } = session;
  const [speech] = speeches;
  const next = plan.turns[turn];
  if (floor.kind !== 'agent' || speech === undefined || next?.kind !== 'say') return undefined;
  const { interruptsAfter: count } = next;
  const { content, isComplete, mayBeInterrupted } = speech;
  if (count === undefined || !mayBeInterrupted || pace.interruptionSensitivity === 0) {
    return undefined;
  }
  // What follows a character says whether it ends a word.
  const isLongEnough = isComplete ? content.trim().length > count : content.length > count;
  return isLongEnough ? wholeWords(content, count) : undefined;
}

/** The words that end within the first `count` characters. */
function wholeWords(content: string, count: number): string {
  const start = content.slice(0, count);
  return (/\s/.test(content.charAt(count)) ? start : start.replace(/\S+$/, '')).trim();
}

/** Milliseconds that it takes to say a word. */
export const wordTime = 400;

export const speechTime = (content: string): number =>
  content.split(/\s+/).filter((word) => word !== '').length * wordTime;

/** When something happens by itself by the workspace's clock; Infinity if nothing does. */
export const nextByWorkspace = (session: Session): number =>
  session.floor.kind === 'over' ? Infinity : Math.min(nextOfFloor(session), session.plan.endsBy.at);

function nextOfFloor(session: Session): number {
  const { floor } = session;
  switch (floor.kind) {
    case 'before':
      return floor.until;
    case 'agent': {
      const cut = interruptionOf(session);
      const cutAt = cut === undefined ? Infinity : floor.from + speechTime(cut);
      return Math.min(cutAt, floor.until ?? Infinity);
    }
    case 'user':
      return Math.min(floor.until, floor.pausesAt);
    case 'nobody':
      return Math.min(userActsAt(session), remindsAt(session), silenceEndsAt(session));
    case 'awaiting':
    case 'over':
      return Infinity;
  }
}

/** When something happens by itself by the machine's clock; Infinity if nothing does. */
export function nextByMachine({ floor, link }: Session): number {
  if (floor.kind === 'over') return Infinity;
  const answer =
    floor.kind === 'awaiting'
      ? floor.until
      : floor.kind === 'agent' && floor.until === undefined
        ? floor.givesUpAt
        : Infinity;
  return Math.min(answer, nextOfLink(link));
}

/** Whether the workspace's clock must not run ahead: what comes next depends on the server. */
export function awaitsServer(session: Session): boolean {
  const { floor, link } = session;
  if (floor.kind === 'before' || floor.kind === 'over') return false;
  const isConnecting = link.state.kind === 'pausing' || link.state.kind === 'connecting';
  return isConnecting || floor.kind === 'awaiting' || nextOfFloor(session) === Infinity;
}

export function userActsAt(session: Session): number {
  const { floor, plan, turn, waitsUntil } = session;
  if (floor.kind !== 'nobody') return Infinity;
  const next = plan.turns[turn];
  if (next === undefined) {
    return plan.afterwards.kind === 'hang-up' ? floor.since + plan.afterwards.pause : Infinity;
  }
  if (next.kind === 'wait') return Math.max(floor.since, waitsUntil ?? 0);
  return floor.since + next.pause;
}

export function remindsAt({ floor, pace, reminders, entries }: Session): number {
  if (floor.kind !== 'nobody' || reminders >= pace.reminderMaxCount) return Infinity;
  // Documented: a reminder follows a silence after something that the agent said.
  const hasSpoken = entries.some(({ entry }) => entry.role === 'agent');
  return hasSpoken ? floor.since + pace.reminderTrigger : Infinity;
}

export function silenceEndsAt({ floor, plan }: Session): number {
  return floor.kind === 'nobody' ? floor.since + plan.silenceLimit : Infinity;
}
