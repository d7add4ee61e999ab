/**
 * A stand-in for the class of `retell-client-js-sdk`, for tests of components and in browsers. It has the same
 * methods and events, and no audio: the emulator says what happens in the call. It uses nothing of Node.
 */
import { EventEmitter } from 'eventemitter3';

export interface WebClientConnection {
  /** The URL of the emulator. */
  readonly url: string;
  /** The key of the workspace that the call was created in. */
  readonly apiKey: string;
  /** The emulator's control token, if it requires one. */
  readonly controlToken?: string;
  /** Milliseconds between two looks at the call; 100 if absent. */
  readonly pollInterval?: number;
  /** What requests are sent with; the global `fetch` if absent. */
  readonly fetch?: typeof fetch;
}

export interface StartCallConfig {
  readonly accessToken: string;
  /** These are taken and have no effect, because no audio flows. */
  readonly sampleRate?: number;
  readonly captureDeviceId?: string;
  readonly playbackDeviceId?: string;
  readonly emitRawAudioSamples?: boolean;
}

/** One turn of the conversation until now. */
export interface TranscriptTurn {
  readonly role: 'agent' | 'user';
  readonly content: string;
}

/** What the event `update` is called with. */
export interface TranscriptUpdate {
  readonly event_type: 'update';
  /** The last five turns. */
  readonly transcript: readonly TranscriptTurn[];
}

interface Conversation {
  readonly status: string;
  readonly entries: readonly Said[];
  readonly metadata: readonly { readonly index: number; readonly metadata: unknown }[];
}

interface Said {
  readonly startedAt: number;
  readonly endedAt: number | null;
  readonly entry: Readonly<Record<string, unknown>>;
}

/** Documented: an update has the last five sentences. */
const turnsOfUpdate = 5;

const defaultPollInterval = 100;

/** Kept, so that fake timers of a test runner do not stop the client. */
const { setTimeout, clearTimeout } = globalThis;

let connection: WebClientConnection | undefined;

/** Says which emulator all clients talk to. To be called before `startCall`. */
export function connectWebClient(to: WebClientConnection): void {
  connection = to;
}

/** The same methods and events as those of the class with this name in `retell-client-js-sdk`. */
export class RetellWebClient extends EventEmitter {
  isAgentTalking = false;
  /** Whether the microphone is off. The vendor's class does not tell. */
  isMuted = false;
  #call: FollowedCall | undefined;

  /** Joins the call. Emits `call_started` and `call_ready`, or `error`. Never rejects. */
  async startCall({ accessToken }: StartCallConfig): Promise<void> {
    if (this.#call !== undefined) return;
    const call = new FollowedCall(accessToken);
    this.#call = call;
    try {
      await call.join();
    } catch (error) {
      if (this.#call === call) this.#call = undefined;
      // Observed: the event has this text. The cause comes after it.
      this.emit('error', 'Error starting call', error);
      return;
    }
    if (this.#call !== call) {
      // It was stopped meanwhile.
      call.leave();
      return;
    }
    this.emit('call_started');
    this.emit('call_ready');
    this.#follow(call);
  }

  /** Leaves the call. Emits `call_ended`. */
  stopCall(): void {
    const call = this.#call;
    if (call === undefined) return;
    this.#end();
    if (call.isJoined) call.leave();
  }

  /** Resolves at once: there is no audio. */
  startAudioPlayback(): Promise<void> {
    return Promise.resolve();
  }

  mute(): void {
    if (this.#call !== undefined) this.isMuted = true;
  }

  unmute(): void {
    if (this.#call !== undefined) this.isMuted = false;
  }

  #end(): void {
    const call = this.#call;
    this.#call = undefined;
    call?.stopFollowing();
    this.isAgentTalking = false;
    this.isMuted = false;
    if (call?.isJoined === true) this.emit('call_ended');
  }

  #follow(call: FollowedCall): void {
    call.follow((conversation, told) => {
      for (const said of conversation.entries.slice(told.over)) {
        if (this.#call !== call) return;
        this.#emitChange(said, told, conversation.entries);
        if (said.endedAt === null) break;
      }
      for (const { index, metadata } of conversation.metadata) {
        if (this.#call !== call) return;
        if (index < told.metadata) continue;
        told.metadata = index + 1;
        this.emit('metadata', { event_type: 'metadata', metadata });
      }
      if (this.#call === call && conversation.status !== 'ongoing') this.#end();
    });
  }

  /** Tells what is new of one entry. */
  #emitChange(said: Said, told: Told, all: readonly Said[]): void {
    const { role, content } = said.entry;
    const isTurn = role === 'agent' || role === 'user';
    if (role === 'agent' && !this.isAgentTalking && said.endedAt === null) this.#startTalking();
    if (isTurn && content !== told.content) {
      told.content = content;
      if (role === 'agent' && said.endedAt !== null && !this.isAgentTalking) this.#startTalking();
      this.emit('update', updateOf(all.slice(0, told.over + 1)));
    }
    if (said.endedAt === null) return;
    told.over += 1;
    told.content = undefined;
    if (role === 'node_transition') {
      this.emit('node_transition', { event_type: 'node_transition', ...withoutRole(said.entry) });
    }
    if (role === 'agent' && this.isAgentTalking) {
      this.isAgentTalking = false;
      this.emit('agent_stop_talking');
    }
  }

  #startTalking(): void {
    this.isAgentTalking = true;
    this.emit('agent_start_talking');
  }
}

/** How much of a conversation was told. */
interface Told {
  /** Entries that are over and were told. */
  over: number;
  /** What was told of the one that is being said. */
  content: unknown;
  /** The index of the metadata that is told next. */
  metadata: number;
}

const updateOf = (entries: readonly Said[]): TranscriptUpdate => ({
  event_type: 'update',
  transcript: entries
    .flatMap(({ entry: { role, content } }) =>
      (role === 'agent' || role === 'user') && typeof content === 'string'
        ? [{ role, content } as const]
        : [],
    )
    .slice(-turnsOfUpdate),
});

const withoutRole = (entry: Said['entry']) =>
  Object.fromEntries(Object.entries(entry).filter(([name]) => name !== 'role'));

/** A web call of the emulator. */
class FollowedCall {
  isJoined = false;
  readonly #to: WebClientConnection;
  readonly #id: string;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #isOver = false;

  constructor(accessToken: string) {
    this.#to = connection ?? { url: '', apiKey: '' };
    this.#id = accessToken.split('.')[0] ?? '';
  }

  /** @throws Error that says why the call cannot be joined. */
  async join(): Promise<void> {
    if (this.#to.url === '') throw new Error('call connectWebClient({ url, apiKey }) before');
    const response = await this.#send('POST', '/join');
    if (!response.ok) {
      // A call that was joined by itself (`webCallJoin`) is as good.
      const { status } = await this.#read();
      if (response.status !== 409 || status !== 'ongoing')
        throw new Error(await messageOf(response));
    }
    this.isJoined = true;
  }

  /** Ends the call; that it is over already is no mistake. */
  leave(): void {
    this.#send('POST', '/leave').catch(() => undefined);
  }

  follow(onChange: (conversation: Conversation, told: Told) => void): void {
    const told: Told = { over: 0, content: undefined, metadata: 0 };
    const look = async (): Promise<void> => {
      const conversation = await this.#read().catch(() => undefined);
      if (this.#isOver) return;
      if (conversation !== undefined) onChange(conversation, told);
      schedule();
    };
    const schedule = (): void => {
      if (this.#isOver) return;
      const { pollInterval = defaultPollInterval } = this.#to;
      this.#timer = setTimeout(() => void look(), pollInterval);
    };
    void look();
  }

  stopFollowing(): void {
    this.#isOver = true;
    clearTimeout(this.#timer);
  }

  async #read(): Promise<Conversation> {
    const response = await this.#send('GET', '/conversation');
    if (!response.ok) throw new Error(await messageOf(response));
    return (await response.json()) as Conversation;
  }

  #send(method: string, path: string): Promise<Response> {
    const { url, apiKey, controlToken = apiKey, fetch: send = globalThis.fetch } = this.#to;
    const headers = { authorization: `Bearer ${controlToken}`, 'x-emulator-api-key': apiKey };
    const id = encodeURIComponent(this.#id);
    return send(`${url}/_emulator/calls/${id}${path}`, { method, headers });
  }
}

async function messageOf(response: Response): Promise<string> {
  const text = await response.text();
  return `the emulator answered ${String(response.status)}: ${text}`;
}
