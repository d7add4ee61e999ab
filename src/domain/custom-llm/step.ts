import {
  breakIn,
  completeSpeeches,
  speakAgain,
  speechIsOver,
  splitSpeech,
  takeSpoken,
} from './agent-speech.js';
import {
  endCall,
  enterNow,
  listen,
  note,
  request,
  send,
  sendRequest,
  takeLinkStep,
  type Draft,
} from './draft.js';
import {
  closedLink,
  connectLink,
  failedLink,
  lostLink,
  openedLink,
  passLinkTime,
  pingReceived,
  startPings,
} from './link.js';
import { readServerFrame, type ServerFrame } from './server-frame.js';
import { askEarly, press, sayByHand, userActs, userHasSpoken } from './user-speech.js';
import {
  nextByMachine,
  nextByWorkspace,
  remindsAt,
  silenceEndsAt,
  userActsAt,
  type Instant,
  type Session,
  type SessionEffect,
  type SessionEvent,
} from './session.js';

/** What a session is after an event, and what is to be done because of it, in this order. */
export interface SessionStep {
  readonly session: Session;
  readonly effects: readonly SessionEffect[];
}

/** Takes a session one event further. The same input gives the same result. */
export function stepSession(session: Session, event: SessionEvent, now: Instant): SessionStep {
  const draft: Draft = { session: { ...session }, effects: [], now };
  if (session.floor.kind !== 'over') take(draft, event);
  return { session: draft.session, effects: draft.effects };
}

function take(draft: Draft, event: SessionEvent): void {
  const { session, now } = draft;
  switch (event.kind) {
    case 'time':
      passTime(draft);
      return;
    case 'opened':
      opened(draft);
      return;
    case 'failed':
      note(draft, `the connection failed: ${event.problem}`);
      takeLinkStep(draft, failedLink(session.link, now.real));
      return;
    case 'closed':
      closed(draft, event.code);
      return;
    case 'binary':
      // Documented: frames are text.
      note(draft, 'a binary frame came: only text frames are taken');
      draft.effects.push({ do: 'close', code: 1007 });
      session.link = closedLink(session.link);
      endCall(draft, 'error_llm_websocket_corrupt_payload');
      return;
    case 'text':
      takeText(draft, event.text);
      return;
    case 'says':
      sayByHand(draft, event.content);
      return;
    case 'presses':
      press(draft, event.digit);
      return;
    case 'injects':
      enterNow(draft, { role: 'injected', content: event.content });
      return;
    case 'triggers':
      speakAgain(draft);
  }
}

/** Documented: a connection that is opened again begins like the first one. */
function opened(draft: Draft): void {
  const { session, now } = draft;
  session.link = openedLink(session.link);
  session.hasSentDetails = false;
  if (session.floor.kind !== 'awaiting') return;
  if (session.newest === 0) {
    session.floor = { kind: 'awaiting', until: now.real + session.plan.answerTimeout };
  } else if (session.isOwed) sendRequest(draft);
  // Not documented: the new connection knows nothing of a request that the old one had.
  else request(draft, session.lastRequest);
}

function closed(draft: Draft, code: number): void {
  const { session, now } = draft;
  if (session.link.state.kind === 'closed') return;
  const step = lostLink(session.link, code, now.real);
  if (code === 1005) note(draft, 'the close frame has no code: close with 1000 to end the call');
  if (step.ends === 'agent_hangup') {
    // What has come is said before the agent hangs up.
    session.link = step.link;
    session.hangsUp = true;
    if (session.speeches.length > 0) completeSpeeches(draft);
    else endCall(draft, 'agent_hangup');
    return;
  }
  takeLinkStep(draft, step);
  loseSpeech(draft);
}

/** No more comes of what was begun over a connection that is lost. */
function loseSpeech(draft: Draft): void {
  const { session } = draft;
  if (session.floor.kind !== 'agent' || session.floor.until !== undefined) return;
  completeSpeeches(draft);
}

/** Frames of one call; a server that sends more is out of control. */
const maxFrames = 20_000;

function takeText(draft: Draft, text: string): void {
  const { session } = draft;
  if (session.link.state.kind !== 'open' || session.link.state.isStale) return;
  session.received += 1;
  if (session.received > maxFrames) {
    note(draft, `the server has sent more than ${String(maxFrames)} frames`);
    endCall(draft, 'error_llm_websocket_runtime');
    return;
  }
  const frame = readServerFrame(text);
  if (frame.kind === 'corrupt') {
    note(draft, frame.problem);
    endCall(draft, 'error_llm_websocket_corrupt_payload');
  } else if (frame.kind === 'ignored') note(draft, frame.problem);
  else takeFrame(draft, frame);
}

function takeFrame(draft: Draft, frame: ServerFrame): void {
  const { session, now } = draft;
  switch (frame.kind) {
    case 'config': {
      const { config } = frame;
      session.config = config;
      if (config.autoReconnect) {
        session.link = startPings(session.link, now.real);
        passMachineTime(draft);
      }
      // Documented: once, if the server asks for it.
      if (!config.callDetails || session.hasSentDetails) return;
      session.hasSentDetails = true;
      send(draft, { interaction_type: 'call_details' });
      return;
    }
    case 'ping_pong': {
      session.link = pingReceived(session.link, now.real);
      const time = now.real - frame.timestamp;
      const { roundTrips } = session.measured;
      // A server that sends pings of its own may have another clock.
      if (time < 0 || time > 60_000 || roundTrips.length >= 500) return;
      session.measured = { ...session.measured, roundTrips: [...roundTrips, time] };
      return;
    }
    case 'response':
    case 'agent_interrupt':
      takeSpoken(draft, frame);
      return;
    case 'tool_call_invocation': {
      const { id, name, arguments: given } = frame;
      splitSpeech(draft);
      enterNow(draft, { role: frame.kind, id, name, arguments: given, type: 'custom' });
      return;
    }
    case 'tool_call_result': {
      const { id, content, successful } = frame;
      enterNow(draft, { role: frame.kind, id, content, successful });
      return;
    }
    case 'update_agent':
      session.pace = { ...session.pace, ...frame.pace };
      return;
    case 'metadata':
      draft.effects.push({ do: 'forward', metadata: frame.metadata });
  }
}

/** Lets happen what is due by now, by either clock. */
function passTime(draft: Draft): void {
  // Each round changes who has the floor, or when something is due next.
  for (let rounds = 0; rounds < 100; rounds += 1) {
    const { session, now } = draft;
    if (nextByMachine(session) <= now.real) passMachineTime(draft);
    else if (nextByWorkspace(session) <= now.at) passWorkspaceTime(draft);
    else return;
  }
}

function passMachineTime(draft: Draft): void {
  const { session, now } = draft;
  const { floor } = session;
  if (floor.kind === 'awaiting' && floor.until <= now.real) {
    note(draft, `no answer came within ${String(session.plan.answerTimeout)} ms`);
    session.askedAt = undefined;
    // Documented: there is silence then, until the user speaks.
    listen(draft);
    return;
  }
  if (floor.kind === 'agent' && floor.until === undefined && floor.givesUpAt <= now.real) {
    note(draft, `no more came within ${String(session.plan.answerTimeout)} ms`);
    completeSpeeches(draft);
    return;
  }
  const { sendsPing = false, ...step } = passLinkTime(session.link, now.real);
  const wasOpen = session.link.state.kind === 'open';
  if (sendsPing) send(draft, { interaction_type: 'ping_pong', timestamp: now.real });
  takeLinkStep(draft, step);
  if (wasOpen && step.link.state.kind !== 'open') loseSpeech(draft);
}

function passWorkspaceTime(draft: Draft): void {
  const { session, now } = draft;
  const { floor } = session;
  const { endsBy } = session.plan;
  if (endsBy.at <= now.at) {
    endCall(draft, endsBy.reason);
    return;
  }
  switch (floor.kind) {
    case 'before': {
      session.floor = { kind: 'awaiting', until: Infinity };
      takeLinkStep(draft, connectLink(session.link, now.real));
      return;
    }
    case 'agent': {
      const [speech] = session.speeches;
      if (breakIn(draft)) userActs(draft);
      else if (speech !== undefined) speechIsOver(draft, speech);
      return;
    }
    case 'user':
      if (floor.pausesAt <= now.at && floor.until > now.at) askEarly(draft, floor);
      else userHasSpoken(draft, floor);
      return;
    case 'nobody':
      if (silenceEndsAt(session) <= Math.min(now.at, userActsAt(session)))
        endCall(draft, 'inactivity');
      else if (userActsAt(session) <= now.at) userActs(draft);
      else if (remindsAt(session) <= now.at) {
        session.reminders += 1;
        request(draft, 'reminder_required');
      }
      return;
    case 'awaiting':
    case 'over':
  }
}
