import type { DisconnectionReason } from '../calls/call.js';
import type { LiveEntry, SpeechEntry } from '../calls/call-record.js';
import { isLinkOpen, lostLink, staleLink, type LinkStep } from './link.js';
import {
  speechTime,
  type Instant,
  type OutgoingFrame,
  type RequestKind,
  type Session,
  type SessionEffect,
  type SocketFaultKind,
} from './session.js';

type Changing<State> = { -readonly [Name in keyof State]: State[Name] };

/** A session while a step changes it. Nobody else sees it until the step is over. */
export interface Draft {
  readonly session: Changing<Session>;
  readonly effects: SessionEffect[];
  readonly now: Instant;
}

export const note = ({ effects }: Draft, text: string): void => {
  effects.push({ do: 'note', text });
};

/** Sends a frame, if there is a connection. Transcripts show what was said by now. */
export function send(
  { session, effects, now }: Draft,
  frame: OutgoingFrame,
  entries: readonly LiveEntry[] = session.entries,
  isCut = false,
): void {
  if (isLinkOpen(session.link)) effects.push({ do: 'send', frame, entries, at: now.at, isCut });
}

/** Entries of a call; what comes after is lost, so that a server cannot fill the memory. */
const maxEntries = 2000;

export function enter(draft: Draft, ...added: readonly LiveEntry[]): void {
  const { session } = draft;
  if (session.entries.length + added.length > maxEntries) {
    note(draft, `the call has ${String(maxEntries)} entries already: this one is dropped`);
  } else session.entries = [...session.entries, ...added];
}

export const enterNow = (draft: Draft, entry: SpeechEntry): void => {
  enter(draft, { at: draft.now.at, entry });
};

export function endCall(
  { session, effects }: Draft,
  reason: DisconnectionReason,
  transferNumber?: string,
): void {
  if (session.floor.kind === 'over') return;
  session.floor = { kind: 'over' };
  effects.push({ do: 'close', code: 1000 }, { do: 'end', reason, transferNumber });
}

/** Takes what follows for a connection, and for the call, from what became of it. */
export function takeLinkStep(draft: Draft, { link, action, ends }: LinkStep): void {
  const { session } = draft;
  session.link = link;
  if (action !== undefined) draft.effects.push({ do: action });
  if (ends !== undefined) endCall(draft, ends);
  else if (session.floor.kind === 'awaiting' && link.state.kind !== 'open') {
    // The server has all of its time from when it is connected.
    session.floor = { kind: 'awaiting', until: Infinity };
  }
}

/** Nobody speaks: the user acts next, or falls silent. */
export function listen({ session, now }: Draft): void {
  const next = session.plan.turns[session.turn];
  if (next?.kind === 'wait') session.waitsUntil ??= now.at + next.duration;
  session.floor = { kind: 'nobody', since: now.at };
}

/** Asks for an answer under a new id. What the agent was saying, or was about to say, is given up. */
export function request(draft: Draft, kind: RequestKind): void {
  const { session } = draft;
  if (session.hangsUp) {
    endCall(draft, 'agent_hangup');
    return;
  }
  session.newest += 1;
  session.isOpen = true;
  session.lastRequest = kind;
  session.speeches = [];
  session.isInterruptOpen = false;
  sendRequest(draft);
}

/** Sends the newest request, with what goes wrong at it; later if there is no connection. */
export function sendRequest(draft: Draft): void {
  const { session, now } = draft;
  const { link, newest, lastRequest, plan } = session;
  session.isOwed = !isLinkOpen(link);
  session.askedAt = session.isOwed ? undefined : now.real;
  const until = link.state.kind === 'open' ? now.real + plan.answerTimeout : Infinity;
  session.floor = { kind: 'awaiting', until };
  if (session.isOwed) return;
  if (takeFault(draft, 'drop')) {
    session.isOwed = true;
    note(draft, 'the connection is dropped on purpose');
    takeLinkStep(draft, lostLink(link, 1006, now.real));
    return;
  }
  if (takeFault(draft, 'missing-pings')) {
    session.isOwed = true;
    session.link = staleLink(link);
    note(draft, 'nothing goes through this connection any more, on purpose');
    return;
  }
  const frame = { interaction_type: lastRequest, response_id: newest } as const;
  if (takeFault(draft, 'corrupt')) send(draft, frame, session.entries, true);
  send(draft, frame);
  if (takeFault(draft, 'double')) send(draft, frame);
}

/** Whether something goes wrong on purpose at the request for what the user said last. */
export function takeFault({ session }: Draft, kind: SocketFaultKind): boolean {
  const index = session.faults.findIndex(
    (fault) => fault.kind === kind && fault.turn === session.spoken && fault.times > 0,
  );
  const fault = session.faults[index];
  if (fault === undefined) return false;
  session.faults = session.faults.with(index, { ...fault, times: fault.times - 1 });
  return true;
}

/** The user begins to speak. */
export function userSpeaks(draft: Draft, content: string): void {
  const { session, now } = draft;
  if (session.hangsUp) {
    endCall(draft, 'agent_hangup');
    return;
  }
  session.spoken += 1;
  session.reminders = 0;
  session.waitsUntil = undefined;
  const until = now.at + speechTime(content);
  const pausesAt = takeFault(draft, 'supersede') ? now.at + speechTime(content) / 2 : Infinity;
  session.floor = { kind: 'user', content, from: now.at, until, pausesAt };
  send(draft, { interaction_type: 'update_only', turntaking: 'user_turn' });
}
