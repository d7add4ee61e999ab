import type { DisconnectionReason } from '../calls/call.js';

/**
 * The connection to the server of a custom LLM. All times are those of the machine's clock, in
 * milliseconds, because the server is a program that does not know the workspace's clock.
 */
export interface Link {
  readonly state: LinkState;
  readonly hasBeenOpen: boolean;
  /** Attempts that failed before the first one that did not. */
  readonly failedAttempts: number;
  /** Attempts to connect again, by what had ended the connection. */
  readonly reconnects: Readonly<Record<LossCause, number>>;
  /** Why the last connection was lost. */
  readonly lostBy: LossCause;
}

export type LinkState =
  /** There is no connection, and none is wanted any more, or not yet. */
  | { readonly kind: 'closed' }
  | { readonly kind: 'pausing' | 'connecting'; readonly until: number }
  | {
      readonly kind: 'open';
      /** When the next ping is sent; Infinity if the server did not ask for pings. */
      readonly pingAt: number;
      /** When the connection counts as lost, unless a ping comes. */
      readonly aliveUntil: number;
      /** True if nothing goes either way, and neither side has noticed. */
      readonly isStale: boolean;
    };

/** It was dropped, or no ping came. */
type LossCause = 'dropped' | 'silent';

/** What becomes of a connection. */
export interface LinkStep {
  readonly link: Link;
  readonly action?: 'connect' | 'drop';
  readonly ends?: DisconnectionReason;
}

/** Documented: attempts to connect, how long each may take, and the pause between two. */
const maxAttempts = 3;
const attemptTime = 7000;
const attemptPause = 3000;

/** Documented: how often a lost connection is opened again. */
const maxReconnects: Readonly<Record<LossCause, number>> = { dropped: 4, silent: 2 };

/** Documented: how often pings are sent, and how long none may come. */
const pingInterval = 2000;
const pingTimeout = 5000;

export const newLink: Link = {
  state: { kind: 'closed' },
  hasBeenOpen: false,
  failedAttempts: 0,
  reconnects: { dropped: 0, silent: 0 },
  lostBy: 'dropped',
};

export const isLinkOpen = ({ state }: Link): boolean => state.kind === 'open' && !state.isStale;

/** When something happens to a connection by itself; Infinity if nothing does. */
export function nextOfLink({ state }: Link): number {
  if (state.kind === 'closed') return Infinity;
  return state.kind === 'open' ? Math.min(state.pingAt, state.aliveUntil) : state.until;
}

export const connectLink = (link: Link, now: number): LinkStep => ({
  link: { ...link, state: { kind: 'connecting', until: now + attemptTime } },
  action: 'connect',
});

export const openedLink = (link: Link): Link => ({
  ...link,
  hasBeenOpen: true,
  state: { kind: 'open', pingAt: Infinity, aliveUntil: Infinity, isStale: false },
});

/** An attempt to connect failed, or took too long. */
export function failedLink(link: Link, now: number): LinkStep {
  if (link.hasBeenOpen) return reconnect(link, link.lostBy, now, attemptPause);
  const failedAttempts = link.failedAttempts + 1;
  const failed = { ...link, failedAttempts };
  return failedAttempts < maxAttempts
    ? { link: pausing(failed, now + attemptPause) }
    : { link: closedLink(failed), ends: 'error_llm_websocket_open' };
}

/** The server closed the connection, or it was dropped, which is code 1006. */
export function lostLink(link: Link, code: number, now: number): LinkStep {
  switch (code) {
    case 1000:
      return { link: closedLink(link), ends: 'agent_hangup' };
    case 1006:
      return reconnect(link, 'dropped', now, 0);
    default:
      return { link: closedLink(link), ends: 'error_llm_websocket_runtime' };
  }
}

function reconnect(link: Link, cause: LossCause, now: number, pause: number): LinkStep {
  const count = link.reconnects[cause] + 1;
  if (count > maxReconnects[cause]) {
    return { link: closedLink(link), ends: 'error_llm_websocket_lost_connection' };
  }
  const again = { ...link, lostBy: cause, reconnects: { ...link.reconnects, [cause]: count } };
  return pause === 0 ? connectLink(again, now) : { link: pausing(again, now + pause) };
}

const pausing = (link: Link, until: number): Link => ({
  ...link,
  state: { kind: 'pausing', until },
});

export const closedLink = (link: Link): Link => ({ ...link, state: { kind: 'closed' } });

/** Nothing goes through the connection any more, until it is found out. */
export const staleLink = (link: Link): Link =>
  link.state.kind === 'open' ? { ...link, state: { ...link.state, isStale: true } } : link;

/** The server asked for pings: the first is sent at once. */
export const startPings = (link: Link, now: number): Link =>
  link.state.kind === 'open' && link.state.pingAt === Infinity
    ? { ...link, state: { ...link.state, pingAt: now, aliveUntil: now + pingTimeout } }
    : link;

export const pingReceived = (link: Link, now: number): Link =>
  link.state.kind === 'open' && link.state.aliveUntil < Infinity
    ? { ...link, state: { ...link.state, aliveUntil: now + pingTimeout } }
    : link;

/** What is due in a connection by now. `sendsPing` is true if a ping is. */
export function passLinkTime(link: Link, now: number): LinkStep & { readonly sendsPing?: boolean } {
  const { state } = link;
  if (nextOfLink(link) > now) return { link };
  switch (state.kind) {
    case 'closed':
      return { link };
    case 'pausing':
      return connectLink(link, now);
    case 'connecting':
      return { action: 'drop', ...failedLink(link, now) };
    case 'open': {
      if (state.aliveUntil > now) {
        const next = { ...state, pingAt: now + pingInterval };
        return { link: { ...link, state: next }, sendsPing: !state.isStale };
      }
      const step = reconnect(link, 'silent', now, 0);
      // Connecting takes the place of what is still open.
      return { action: 'drop', ...step };
    }
  }
}
