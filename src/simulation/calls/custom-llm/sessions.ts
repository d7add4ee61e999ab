import { isOver } from '../../../domain/calls/call.js';
import type { SessionEvent } from '../../../domain/custom-llm/session.js';
import type { StoredCall } from '../../../store/calls.js';
import type { Store } from '../../../store/store.js';
import { wallTimeOf, type Clock, type Timer } from '../../../workspace/clock.js';
import { createListeners } from '../../../workspace/listeners.js';
import type { Workspace } from '../../workspaces/workspace.js';
import {
  stepInput,
  passMoments,
  callContextReader,
  storeSteps,
  type CallListener,
  type CallStep,
} from '../call-steps.js';
import { toListedCall } from '../render.js';
import { admitWaiting } from '../waiting.js';
import { ActiveSession, type Progress } from './active-session.js';
import { endOf, turnSteps, withProgress } from './call-progress.js';
import type { Connector } from './connection.js';
import {
  createFrameJournal,
  createMetadataJournal,
  type FrameRecord,
  type MetadataRecord,
} from './frame-journal.js';
import { sessionPlanOf } from './session-plan.js';

/** Calls that the clients' own servers hold. */
export interface LlmSessions {
  /** Begins the session of a call that was connected, and ends that of a call that is over. */
  readonly onStep: (step: CallStep) => boolean;
  /** Why the server at a URL cannot hold a call; undefined if it can. */
  refuse(url: string): string | undefined;
  /** When something happens by itself in a session of a workspace; Infinity if nothing does. */
  nextDue(workspaceId: number): number;
  /** The time beyond which the workspace's clock must not run ahead, because a server is awaited. */
  heldAt(workspaceId: number): number;
  /** Resolves when a session of the workspace has changed. */
  whenChanged(workspaceId: number): Promise<void>;
  /** Lets happen what is due by a time. */
  pass(workspaceId: number, until: number): void;
  /** Sets the timers again, because the workspace's clock was changed. */
  reschedule(workspaceId: number): void;
  /** Ends the session of a call that was deleted, if it has one. */
  forget(callKey: number): void;
  /** Ends the sessions of a workspace that was reset or restored, and calls that had one. */
  restart(workspaceId: number): void;
  /** Ends the calls whose sessions ended with the process that held them. */
  resume(): void;
  frames(callKey: number): readonly FrameRecord[];
  /** What the server sent for the browser of a web call. */
  metadata(callKey: number): readonly MetadataRecord[];
  /** Lets something happen in a call that no server decides. False if it has no session. */
  act(callKey: number, event: LiveEvent): boolean;
  close(): void;
}

/** Something that the user does by hand, or that the client wants. */
export type LiveEvent = Extract<
  SessionEvent,
  { kind: 'says' | 'presses' | 'injects' | 'triggers' }
>;

export interface SessionsParts {
  readonly clock: Clock;
  readonly store: Store;
  readonly get: (workspaceId: number) => Workspace;
  readonly connector: Connector;
  /** Told of what sessions make of calls, sessions included. */
  readonly listener: () => CallListener;
  readonly scheduleBy: (workspaceId: number, at: number) => void;
  readonly announce: (workspaceId: number) => void;
  readonly onError: (error: unknown) => void;
}

interface Held {
  readonly key: number;
  readonly workspaceId: number;
  readonly callId: string;
  /** Undefined until it begins. */
  session: ActiveSession | undefined;
  readonly beginsAt: number;
  byWorkspace: Timer | undefined;
  byMachine: Timer | undefined;
}

export const createLlmSessions = (parts: SessionsParts): LlmSessions => new Sessions(parts);

class Sessions implements LlmSessions {
  readonly #parts: SessionsParts;
  readonly #held = new Map<number, Held>();
  readonly #frames = createFrameJournal();
  readonly #metadata = createMetadataJournal();
  readonly #listeners = createListeners<undefined>();

  constructor(parts: SessionsParts) {
    this.#parts = parts;
  }

  readonly onStep = ({ call: stored, events }: CallStep): boolean => {
    const { call, key, workspaceId } = stored;
    if (call.details.llm === undefined) return false;
    if (isOver(call.state.status)) {
      // Not within this step: the session may be the one that has ended the call.
      void this.#parts.clock.turn().then(() => {
        this.forget(key);
      });
    } else if (events.some(({ name }) => name === 'call_started')) {
      const beginsAt = call.plan.connectsAt ?? call.plan.createdAt;
      const held = { key, workspaceId, callId: call.id, beginsAt, session: undefined };
      const all = { ...held, byWorkspace: undefined, byMachine: undefined };
      this.#held.set(key, all);
      this.#setTimers(all);
      return true;
    }
    return false;
  };

  refuse(url: string): string | undefined {
    return this.#parts.connector.refuse(url);
  }

  #ofWorkspace(workspaceId: number): Held[] {
    return [...this.#held.values()].filter((held) => held.workspaceId === workspaceId);
  }

  nextDue(workspaceId: number): number {
    return Math.min(Infinity, ...this.#ofWorkspace(workspaceId).map(nextOf));
  }

  heldAt(workspaceId: number): number {
    return Math.min(
      Infinity,
      ...this.#ofWorkspace(workspaceId).map(({ session }) => session?.heldAt ?? Infinity),
    );
  }

  whenChanged(workspaceId: number): Promise<void> {
    return new Promise((resolve) => {
      const cancel = this.#listeners.add(String(workspaceId), () => {
        cancel();
        resolve();
      });
    });
  }

  pass(workspaceId: number, until: number): void {
    for (const held of this.#ofWorkspace(workspaceId)) {
      if (nextOf(held) <= until) this.#wake(held, nextOf(held));
    }
  }

  reschedule(workspaceId: number): void {
    for (const held of this.#ofWorkspace(workspaceId)) this.#setTimers(held);
  }

  restart(workspaceId: number): void {
    for (const { key } of this.#ofWorkspace(workspaceId)) this.forget(key);
    this.#endLost((call) => call.workspaceId === workspaceId);
  }

  resume(): void {
    this.#endLost(() => true);
  }

  frames(callKey: number): readonly FrameRecord[] {
    return this.#frames.list(callKey);
  }

  metadata(callKey: number): readonly MetadataRecord[] {
    return this.#metadata.list(callKey);
  }

  act(callKey: number, event: LiveEvent): boolean {
    const held = this.#held.get(callKey);
    if (held === undefined) return false;
    held.session ??= this.#begin(held);
    held.session?.take({ kind: 'time' });
    held.session?.take(event);
    return held.session !== undefined;
  }

  close(): void {
    for (const key of [...this.#held.keys()]) this.forget(key);
    this.#parts.connector.close();
  }

  forget(key: number): void {
    const held = this.#held.get(key);
    if (held === undefined) return;
    this.#held.delete(key);
    held.byMachine?.cancel();
    held.byWorkspace?.cancel();
    held.session?.abandon();
    this.#listeners.call(String(held.workspaceId), undefined);
  }

  #setTimers(held: Held): void {
    const { clock, get } = this.#parts;
    held.byMachine?.cancel();
    held.byWorkspace?.cancel();
    const wake = (): void => {
      this.#wake(held);
    };
    const due = nextOf(held);
    const { clock: own, now } = get(held.workspaceId);
    const wall = wallTimeOf(own, due);
    held.byWorkspace = wall < Infinity && due > now ? clock.wakeAt(wall, wake) : undefined;
    // A clock that stands still wakes nobody. Not within this step: it may be undone.
    if (due <= now) void clock.turn().then(wake);
    const next = held.session?.nextByMachine ?? Infinity;
    held.byMachine = next < Infinity ? clock.wakeAt(next, wake) : undefined;
  }

  /** Begins a session, or lets it do what is due. */
  #wake(held: Held, at?: number): void {
    if (!this.#held.has(held.key)) return;
    try {
      held.session ??= this.#begin(held);
      if (held.session === undefined) this.forget(held.key);
      else held.session.take({ kind: 'time' }, at);
    } catch (error) {
      this.#parts.onError(error);
      this.forget(held.key);
    }
  }

  /** Undefined if the call is not there any more: what began it was undone, or it was deleted. */
  #begin(held: Held): ActiveSession | undefined {
    const { store, get, clock, connector } = this.#parts;
    const { workspaceId, callId, key } = held;
    const stored = this.#find(held);
    const llm = stored?.call.details.llm;
    if (stored === undefined || llm === undefined) return undefined;
    const { settings } = get(workspaceId);
    const context = callContextReader(store)(stored);
    const now = (): number => get(workspaceId).now;
    return new ActiveSession({
      ...{ callKey: key, call: stored.call, url: llm.url, connector, frames: this.#frames, now },
      metadata: this.#metadata,
      plan: sessionPlanOf(stored.call, llm, context, settings.calls.answerTimeout),
      connectedAt: held.beginsAt,
      isUnclocked: stored.progression.kind === 'immediate',
      real: () => clock.now(),
      showCall: () => {
        const present = store.calls.find(workspaceId, callId) ?? stored;
        return toListedCall(present.call, context, {}, now());
      },
      store: (progress) => {
        this.#store(held, progress);
      },
      onChange: () => {
        if (this.#held.has(key)) this.#setTimers(held);
        this.#listeners.call(String(workspaceId), undefined);
      },
    });
  }

  /** The call of a session, if it still goes on. */
  #find({ workspaceId, callId }: Held): StoredCall | undefined {
    const stored = this.#parts.store.calls.find(workspaceId, callId);
    return stored?.call.state.status === 'ongoing' ? stored : undefined;
  }

  #store(held: Held, progress: Progress): void {
    const { store, listener } = this.#parts;
    const stored = this.#find(held);
    if (stored === undefined) {
      this.forget(held.key);
      return;
    }
    const loading = listener().prepare(held.workspaceId, callContextReader(store)(stored));
    if (loading === undefined) this.#change(withProgress(stored, progress), progress);
    else {
      void loading.then(() => {
        this.#store(held, progress);
      });
    }
  }

  #change(stored: StoredCall, progress: Progress): void {
    const { store, get, listener, scheduleBy, announce } = this.#parts;
    const { workspaceId: id } = stored;
    const { at, end } = progress;
    const next = store.now((writer) => {
      writer.workspaces.addProgress({ id, runningDelta: 0, settledAt: at });
      const input = stepInput(writer, listener());
      const steps =
        end === undefined
          ? turnSteps(stored, progress, input)
          : passMoments(
              endOf(stored, progress, get(id).settings),
              Math.max(at, get(id).now),
              input,
            );
      const { nextAt } = storeSteps(writer, stored, steps, listener());
      const { concurrencyLimit } = get(id).settings.calls;
      const hasBegun = end !== undefined && admitWaiting(writer, id, concurrencyLimit, at);
      return hasBegun ? writer.workspaces.nextDue(id) : nextAt;
    });
    if (next !== null) scheduleBy(id, next);
    announce(id);
  }

  #endLost(isMeant: (call: StoredCall) => boolean): void {
    const { store, get } = this.#parts;
    for (const stored of store.calls.listHeldByServers().filter(isMeant)) {
      const { now } = get(stored.workspaceId);
      const { entries, ...measured } = stored.call.details.llm ?? noMeasures;
      const reason = 'error_llm_websocket_lost_connection';
      const end = { reason, transferNumber: undefined } as const;
      const { key, workspaceId, call } = stored;
      const held = { key, workspaceId, callId: call.id, ...neverBegun };
      this.#store(held, { at: now, isTurnOver: false, entries, measured, end });
    }
  }
}

const noMeasures = { entries: [], answers: [], roundTrips: [] };

/** Stands for the session of a call whose process has ended. */
const neverBegun = {
  ...{ beginsAt: Infinity, session: undefined },
  ...{ byWorkspace: undefined, byMachine: undefined },
};

const nextOf = ({ session, beginsAt }: Held): number =>
  session === undefined ? beginsAt : session.nextByWorkspace;
