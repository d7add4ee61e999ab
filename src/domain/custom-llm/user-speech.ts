import { breakOff } from './agent-speech.js';
import {
  endCall,
  enter,
  enterNow,
  listen,
  request,
  send,
  userSpeaks,
  type Draft,
} from './draft.js';
import type { Session } from './session.js';

type UserFloor = Extract<Session['floor'], { kind: 'user' }>;

/** The user pauses in mid-sentence, and goes on after a request for what was said so far. */
export function askEarly(draft: Draft, floor: UserFloor): void {
  const { session, now } = draft;
  const words = floor.content.split(/\s+/);
  const content = words.slice(0, Math.ceil(words.length / 2)).join(' ');
  const entries = [
    ...session.entries,
    { at: floor.from, until: now.at, entry: { role: 'user', content } as const },
  ];
  session.newest += 1;
  session.isOpen = false;
  const { newest: response_id } = session;
  send(draft, { interaction_type: 'response_required', response_id }, entries);
  session.floor = { ...floor, pausesAt: Infinity };
}

export function userHasSpoken(draft: Draft, { content, from, until }: UserFloor): void {
  enter(draft, { at: from, until, entry: { role: 'user', content } });
  request(draft, 'response_required');
}

/** The user does what comes next, or hangs up when nothing does. */
export function userActs(draft: Draft): void {
  const { session } = draft;
  const next = session.plan.turns[session.turn];
  if (next === undefined) {
    endCall(draft, 'user_hangup');
    return;
  }
  session.turn += 1;
  switch (next.kind) {
    case 'say':
      userSpeaks(draft, next.content);
      return;
    case 'press':
      press(draft, next.digit);
      return;
    case 'wait':
      session.waitsUntil = undefined;
      listen(draft);
  }
}

/** Not documented: a key is the user's turn, as words are. */
export function press(draft: Draft, digit: string): void {
  const { session } = draft;
  session.spoken += 1;
  session.reminders = 0;
  enterNow(draft, { role: 'dtmf', digit });
  // Keys are pressed while the agent speaks, too, who is not interrupted by that.
  if (session.floor.kind === 'nobody' || session.floor.kind === 'awaiting') {
    request(draft, 'response_required');
  }
}

/** The user speaks now, or once the agent lets nobody break in has finished. */
export function sayByHand(draft: Draft, content: string): void {
  const { session } = draft;
  const { floor, plan, turn, speeches, pace } = session;
  const mayBreakIn = speeches[0]?.mayBeInterrupted !== false && pace.interruptionSensitivity > 0;
  if (floor.kind === 'before' || floor.kind === 'user' || (floor.kind === 'agent' && !mayBreakIn)) {
    const say = { kind: 'say', pause: 0, content } as const;
    session.plan = { ...plan, turns: plan.turns.toSpliced(turn, 0, say) };
    return;
  }
  if (floor.kind === 'agent') {
    breakOff(draft);
    session.speeches = [];
    session.isOpen = false;
  }
  userSpeaks(draft, content);
}
