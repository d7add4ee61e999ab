import {
  awaitsServer,
  newSession,
  nextByMachine,
  nextByWorkspace,
  type Session,
  type SessionEffect,
  type SessionEvent,
  type SessionPlan,
} from '../../src/domain/custom-llm/session.js';
import { stepSession } from '../../src/domain/custom-llm/step.js';

/** What a session without a user's script is held with. */
export const plainPlan: SessionPlan = {
  turns: [],
  afterwards: { kind: 'stay' },
  faults: [],
  pace: {
    responsiveness: 1,
    interruptionSensitivity: 1,
    reminderTrigger: 10_000,
    reminderMaxCount: 1,
  },
  endsBy: { at: Infinity, reason: 'max_duration_reached' },
  beginDelay: 0,
  silenceLimit: 600_000,
  answerTimeout: 10_000,
};

export const says = (content: string, interruptsAfter?: number) =>
  ({ kind: 'say', pause: 500, content, interruptsAfter }) as const;

export const hangsUp = { kind: 'hang-up', pause: 500 } as const;

interface SentFrame {
  readonly interaction_type: string;
  readonly response_id?: number;
  /** What its transcript shows: `agent: Hello`. */
  readonly shows: readonly string[];
  readonly isCut: boolean;
}

/** A session that a test plays against: both clocks stand still unless they are moved. */
export class Play {
  session: Session;
  /** All that the session did, in order. */
  readonly effects: SessionEffect[] = [];
  at = 1_000_000;
  real = 5_000_000;

  constructor(plan: Partial<SessionPlan> = {}) {
    this.session = newSession({ ...plainPlan, ...plan }, this);
    this.event({ kind: 'time' });
  }

  event(event: SessionEvent): this {
    const { session, effects } = stepSession(this.session, event, this);
    this.session = session;
    this.effects.push(...effects);
    return this;
  }

  open(): this {
    return this.event({ kind: 'opened' });
  }

  /** The server says something. */
  server(frame: object): this {
    return this.event({ kind: 'text', text: JSON.stringify(frame) });
  }

  config(config: object): this {
    return this.server({ response_type: 'config', config });
  }

  respond(id: number, content: string, rest: object = {}): this {
    return this.server({
      ...{ response_type: 'response', response_id: id, content, content_complete: true },
      ...rest,
    });
  }

  interrupt(id: number, content: string, rest: object = {}): this {
    return this.server({
      ...{ response_type: 'agent_interrupt', interrupt_id: id, content, content_complete: true },
      ...rest,
    });
  }

  /** Moves the workspace's clock, deadline by deadline, unless the server is awaited. */
  pass(duration: number): this {
    const end = this.at + duration;
    while (!awaitsServer(this.session) && nextByWorkspace(this.session) <= end) {
      this.at = Math.max(this.at, nextByWorkspace(this.session));
      this.event({ kind: 'time' });
    }
    if (!awaitsServer(this.session)) this.at = end;
    return this;
  }

  /** Moves the machine's clock, deadline by deadline. */
  wait(duration: number): this {
    const end = this.real + duration;
    while (nextByMachine(this.session) <= end) {
      this.real = nextByMachine(this.session);
      this.event({ kind: 'time' });
    }
    this.real = end;
    return this;
  }

  get frames(): SentFrame[] {
    return this.effects.flatMap((effect) => {
      if (effect.do !== 'send') return [];
      const { frame, entries, at, isCut } = effect;
      const shows = entries.flatMap(({ at: start, entry }) =>
        start <= at && 'content' in entry ? [`${entry.role}: ${entry.content}`] : [],
      );
      return [{ ...frame, shows, isCut }];
    });
  }

  sent(type: string): SentFrame[] {
    return this.frames.filter((frame) => frame.interaction_type === type);
  }

  /** The ids of all requests. */
  get requests(): (number | undefined)[] {
    return this.frames.flatMap(({ interaction_type: type, response_id: id }) =>
      type.endsWith('required') ? [id] : [],
    );
  }

  /** What was said and done: `agent: Hello`. */
  get said(): string[] {
    return this.session.entries.map(({ entry }) => {
      if (entry.role === 'dtmf') return `dtmf: ${entry.digit}`;
      if (entry.role === 'tool_call_invocation') return `call: ${entry.name} ${entry.arguments}`;
      return 'content' in entry ? `${entry.role}: ${entry.content}` : entry.role;
    });
  }

  get notes(): string[] {
    return this.effects.flatMap((effect) => (effect.do === 'note' ? [effect.text] : []));
  }

  get end() {
    return this.effects.find((effect) => effect.do === 'end');
  }

  get closedWith(): number | undefined {
    return this.effects.find((effect) => effect.do === 'close')?.code;
  }

  count(action: SessionEffect['do']): number {
    return this.effects.filter((effect) => effect.do === action).length;
  }
}
