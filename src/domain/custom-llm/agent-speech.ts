import { enter, enterNow, endCall, listen, note, request, send, type Draft } from './draft.js';
import type { SpokenFrame } from './server-frame.js';
import { interruptionOf, speechTime, wordTime, type AgentSpeech } from './session.js';

/** Characters that the agent may say at once; the vendor's limit is not known. */
const maxContent = 50_000;

/** The server says a part of an answer, or of what it says unasked. */
export function takeSpoken(draft: Draft, frame: SpokenFrame): void {
  const refusal = refuse(draft, frame);
  if (refusal !== undefined) note(draft, refusal);
  else if (frame.kind === 'response') takeResponse(draft, frame);
  else takeInterrupt(draft, frame);
}

/** Documented: only the newest id is taken, and only until its content is complete. */
function refuse({ session }: Draft, { kind, id }: SpokenFrame): string | undefined {
  const isResponse = kind === 'response';
  const newest = isResponse ? session.newest : session.newestInterrupt;
  const isOpen = isResponse ? session.isOpen : session.isInterruptOpen;
  const name = isResponse ? 'response_id' : 'interrupt_id';
  if (id < newest) return `${name} ${String(id)} is not taken: ${String(newest)} is newer`;
  if (id > newest) {
    return isResponse
      ? `${name} ${String(id)} is not taken: nobody asked for it, the newest is ${String(newest)}`
      : undefined;
  }
  if (isOpen) return undefined;
  return `${name} ${String(id)} is not taken: its content is complete, or was broken off`;
}

function takeResponse(draft: Draft, frame: SpokenFrame): void {
  const { session, now } = draft;
  if (session.floor.kind === 'user') {
    note(draft, 'the content is dropped: the user is speaking');
    return;
  }
  if (session.askedAt !== undefined && (frame.content !== '' || frame.isComplete)) {
    const { answers } = session.measured;
    session.measured = { ...session.measured, answers: [...answers, now.real - session.askedAt] };
    session.askedAt = undefined;
  }
  if (frame.isComplete) session.isOpen = false;
  append(draft, frame);
}

/** Not documented: what the agent says is broken off, and a user who speaks listens. */
function takeInterrupt(draft: Draft, frame: SpokenFrame): void {
  const { session } = draft;
  if (frame.id > session.newestInterrupt) {
    breakOff(draft);
    session.newestInterrupt = frame.id;
  }
  session.isInterruptOpen = !frame.isComplete;
  append(draft, frame);
}

/** Adds to what the agent says, or begins to say something else. */
function append(draft: Draft, frame: SpokenFrame): void {
  const { session } = draft;
  const index = session.speeches.findIndex(
    ({ source, id, isComplete }) => source === frame.kind && id === frame.id && !isComplete,
  );
  const before = session.speeches[index] ?? emptySpeech(frame);
  const content = before.content + frame.content;
  const isTooLong = content.length > maxContent;
  if (isTooLong) {
    note(draft, `the agent has said ${String(maxContent)} characters: the rest is dropped`);
    if (frame.kind === 'response') session.isOpen = false;
    else session.isInterruptOpen = false;
  }
  const speech: AgentSpeech = {
    ...before,
    content: content.slice(0, maxContent),
    isComplete: frame.isComplete || isTooLong,
    mayBeInterrupted: before.mayBeInterrupted && frame.mayBeInterrupted,
    endsCall: before.endsCall || frame.endsCall,
    transferNumber: frame.transferNumber ?? before.transferNumber,
    digits: frame.digits ?? before.digits,
  };
  // What was said unasked comes first.
  session.speeches =
    index !== -1
      ? session.speeches.with(index, speech)
      : frame.kind === 'agent_interrupt'
        ? [speech, ...session.speeches]
        : [...session.speeches, speech];
  speakOn(draft);
}

const emptySpeech = ({ kind, id }: SpokenFrame): AgentSpeech => ({
  ...{ source: kind, id, content: '', isComplete: false, mayBeInterrupted: true },
  ...{ endsCall: false, transferNumber: undefined, digits: undefined },
});

/** Begins, or goes on with, the first of what the agent has to say. */
export function speakOn(draft: Draft): void {
  const { session } = draft;
  if (session.speeches.length === 0) {
    goOnListening(draft);
    return;
  }
  if (session.floor.kind !== 'agent') {
    const ready = session.speeches.find(
      ({ isComplete, content }) => isComplete || isAudible(content),
    );
    if (ready === undefined) {
      // The server has begun to say something: the user waits for it.
      if (session.floor.kind === 'nobody') awaitServer(draft);
      return;
    }
    session.speeches = [ready, ...session.speeches.filter((speech) => speech !== ready)];
    if (!isAudible(ready.content)) {
      speechIsOver(draft, ready);
      return;
    }
    beginSpeech(draft);
  }
  goOnSpeaking(draft);
}

const isAudible = (content: string): boolean => content.trim() !== '';

function beginSpeech(draft: Draft): void {
  const { session, now } = draft;
  const from = Math.max(now.at, session.beginsAt);
  session.floor = { kind: 'agent', from, until: undefined, givesUpAt: Infinity };
  send(draft, { interaction_type: 'update_only', turntaking: 'agent_turn' });
}

function goOnSpeaking(draft: Draft): void {
  const { session, now } = draft;
  const { floor } = session;
  const [speech] = session.speeches;
  if (floor.kind !== 'agent' || speech === undefined) return;
  if (!speech.isComplete) {
    session.floor = { ...floor, givesUpAt: now.real + session.plan.answerTimeout };
  } else if (floor.until === undefined) {
    const until = Math.max(now.at, floor.from + speechTime(speech.content));
    session.floor = { ...floor, until };
    const entry = { role: 'agent', content: speech.content.trim() } as const;
    enter(draft, { at: floor.from, until, entry });
  }
}

/** The agent has nothing more to say: the server answers what it was asked, or the user goes on. */
function goOnListening(draft: Draft): void {
  const { session } = draft;
  if (session.hangsUp) endCall(draft, 'agent_hangup');
  else if (session.isOpen && session.askedAt !== undefined) {
    awaitServer(draft);
  } else listen(draft);
}

function awaitServer({ session, now }: Draft): void {
  session.floor = { kind: 'awaiting', until: now.real + session.plan.answerTimeout };
}

/** What the agent has said so far comes before a tool that it uses, and what it says after that later. */
export function splitSpeech(draft: Draft): void {
  const { session } = draft;
  const [speech, ...others] = session.speeches;
  if (session.floor.kind !== 'agent' || speech === undefined || speech.isComplete) return;
  const nothing = { endsCall: false, transferNumber: undefined, digits: undefined };
  const said: AgentSpeech = { ...speech, ...nothing, isComplete: true };
  session.speeches = [said, { ...speech, content: '' }, ...others];
  goOnSpeaking(draft);
}

/** The agent has said something, and does what it wanted to do after it. */
export function speechIsOver(draft: Draft, speech: AgentSpeech): void {
  const { session } = draft;
  session.speeches = session.speeches.slice(1);
  const wasSpoken = session.floor.kind === 'agent';
  session.floor = { kind: 'nobody', since: draft.now.at };
  if (wasSpoken) send(draft, { interaction_type: 'update_only' });
  // Documented: the first of these that is there is done.
  if (speech.endsCall) endCall(draft, 'agent_hangup');
  else if (speech.transferNumber !== undefined) {
    endCall(draft, 'call_transfer', speech.transferNumber);
  } else {
    for (const digit of speech.digits ?? '') enterNow(draft, { role: 'dtmf', digit });
    speakOn(draft);
  }
}

/** The server says no more of what it has begun: the agent says what there is. */
export function completeSpeeches(draft: Draft): void {
  const { session } = draft;
  session.isOpen = false;
  session.isInterruptOpen = false;
  session.speeches = session.speeches.map((speech) => ({ ...speech, isComplete: true }));
  speakOn(draft);
}

/** Breaks off what anybody is saying. `said` is how far the agent has come; by time if absent. */
export function breakOff(draft: Draft, said?: string): void {
  const { session, now } = draft;
  const { floor } = session;
  if (floor.kind === 'agent') {
    const [speech] = session.speeches;
    const content =
      speech === undefined ? '' : (said ?? saidBy(speech.content, now.at - floor.from));
    // A speech that is complete was entered as a whole.
    if (floor.until !== undefined) session.entries = withoutSpeech(draft, floor.from);
    if (content !== '') {
      enter(draft, { at: floor.from, until: now.at, entry: { role: 'agent', content } });
    }
    if (speech?.source === 'response') session.isOpen = false;
    else session.isInterruptOpen = false;
    session.speeches = session.speeches.slice(1);
    session.floor = { kind: 'nobody', since: now.at };
  } else if (floor.kind === 'user') {
    const content = saidBy(floor.content, now.at - floor.from);
    if (content !== '') {
      enter(draft, { at: floor.from, until: now.at, entry: { role: 'user', content } });
    }
    session.floor = { kind: 'nobody', since: now.at };
  }
}

/**
 * Documented: what the agent says is broken off for something new, unless nobody may interrupt the agent. An
 * agent that waits for the user speaks, and one does not talk over the user.
 */
export function speakAgain(draft: Draft): void {
  const { floor, pace } = draft.session;
  if (floor.kind === 'agent' && pace.interruptionSensitivity > 0) breakOff(draft);
  if (draft.session.floor.kind === 'nobody') request(draft, 'response_required');
}

/** The entries without the speech of the agent that began at this moment and is still going on. */
const withoutSpeech = ({ session }: Draft, from: number) => {
  const index = session.entries.findLastIndex(
    ({ at, entry }) => at === from && entry.role === 'agent',
  );
  return index === -1 ? session.entries : session.entries.toSpliced(index, 1);
};

/** The words that are said within so much time. */
function saidBy(content: string, time: number): string {
  const words = content.split(/\s+/).filter((word) => word !== '');
  return words.slice(0, Math.max(0, Math.floor(time / wordTime))).join(' ');
}

/** The user breaks in on the agent, if it is time to. Returns whether that was so. */
export function breakIn(draft: Draft): boolean {
  const { session, now } = draft;
  const { floor } = session;
  const said = interruptionOf(session);
  if (floor.kind !== 'agent' || said === undefined) return false;
  if (floor.from + speechTime(said) > now.at) return false;
  breakOff(draft, said);
  // Documented: what the agent wanted to do after it is not done.
  session.speeches = [];
  session.isOpen = false;
  return true;
}
