import type { components } from '../../contract/retell.gen.js';
import type {
  CallDirection,
  CallPlan,
  CallState,
  DataStorageSetting,
  DisconnectionReason,
} from './call.js';
import type { ForcedCall } from './forced-call.js';
import type { GivenCall } from './given-call.js';

/** How a call begins: it is dialled here, waits for a telephony of its own, comes in, or is joined by a browser. */
export type CallOrigin = 'dialled' | 'registered' | 'inbound' | 'web';

/** Who or what answers. */
export type Counterpart = 'person' | 'voicemail' | 'ivr';

/** What decided how a call goes. */
export type CallDecision =
  | { readonly source: 'rule'; readonly rule: string }
  | { readonly source: 'number'; readonly digits: string }
  | { readonly source: 'draw' | 'concurrency' | 'timeout' | 'fixture' };

/** How a call goes, in milliseconds from one moment to the next. */
export interface CallCourse {
  readonly reason: DisconnectionReason;
  /** From the creation until somebody answers, or until the call has failed. */
  readonly ring: number;
  /** From the connection to the end; undefined if nobody answers. */
  readonly talk: number | undefined;
  /** True for a web call that nobody joins by itself: it ends unless somebody does by hand. */
  readonly isJoinedByHand?: boolean;
  /** From the end to the analysis; undefined if there is none. */
  readonly analysisDelay: number | undefined;
  /** How long before the end the transfer begins, and how long after it the others talk. */
  readonly transfer: { readonly lead: number; readonly rest: number | undefined } | undefined;
  readonly counterpart: Counterpart;
  readonly decidedBy: CallDecision;
  /** What was ordered of it besides. */
  readonly forced: Pick<
    ForcedCall,
    | 'disconnectionReason'
    | 'duration'
    | 'transcript'
    | 'analysis'
    | 'recording'
    | 'transferDestination'
    | 'socketFaults'
    | 'tools'
  >;
}

/** Something that is said or done in a call, before it has times and ids. */
export type SpeechEntry =
  | { readonly role: 'agent' | 'user' | 'transfer_target'; readonly content: string }
  | {
      readonly role: 'tool_call_invocation';
      /** That of the client's own server; made up if absent. */
      readonly id?: string;
      readonly name: string;
      /** JSON. */
      readonly arguments: string;
      /** The tool's. */
      readonly type: string;
      /** Which call of a custom function it is, if its URL is requested. */
      readonly functionKey?: string;
    }
  | {
      readonly role: 'tool_call_result';
      /** As that of the invocation. */
      readonly id?: string;
      readonly content: string;
      readonly successful: boolean;
    }
  | {
      readonly role: 'node_transition' | 'state_transition';
      readonly from: { readonly id: string; readonly name: string };
      readonly to: { readonly id: string; readonly name: string };
    }
  | { readonly role: 'dtmf'; readonly digit: string }
  | { readonly role: 'injected'; readonly content: string };

/** Something that was said or done by hand, or put in by the client, and when. */
export interface LiveEntry {
  /** In milliseconds since the epoch. */
  readonly at: number;
  /** When it has been said, if that takes a while: a call that ends before cuts it. */
  readonly until?: number;
  readonly entry: SpeechEntry;
}

/** A call that the client's own server holds. */
export interface LlmDetails {
  /** Where the server is. */
  readonly url: string;
  /** Why the call ends so long after its connection, unless it ends before. */
  readonly endsBy: { readonly after: number; readonly reason: DisconnectionReason };
  readonly entries: readonly LiveEntry[];
  /** Milliseconds that the server took: to answer requests, and to answer pings. */
  readonly answers: readonly number[];
  readonly roundTrips: readonly number[];
}

/** A part of a transcript that stays as it is, in milliseconds since the connection. */
export interface SaidEntry {
  readonly entry: SpeechEntry;
  readonly start: number;
  readonly end: number;
}

/** The result of a custom function that was called. */
export interface FunctionAnswer {
  /** Which call it was. */
  readonly key: string;
  readonly content: string;
  readonly successful: boolean;
  /** Dynamic variables that it sets. */
  readonly variables: Readonly<Record<string, string>>;
}

/** A custom function whose result has not come. */
export interface AwaitedFunction {
  readonly key: string;
  /** The tool's. */
  readonly name: string;
  /** When it was called, by the workspace's clock. */
  readonly at: number;
  /** The id of the delivery. */
  readonly delivery: string;
}

/**
 * What came of the custom functions of a call. The conversation of such a call is planned up to the next
 * function only. What was said before a function stays as it is, and the rest follows from all results.
 */
export interface CallFunctions {
  /** What was said until the last function was called, with its result if it has come. */
  readonly said: readonly SaidEntry[];
  readonly answers: readonly FunctionAnswer[];
  /** When the rest begins, in milliseconds since the connection. */
  readonly restFrom: number;
  /** From the connection to the planned end. What functions take is added to it. */
  readonly talk: number;
  readonly awaited?: AwaitedFunction;
}

/** What was said of a call when it was created, and by changes since. */
export interface CallDetails {
  /** True for a web call. The others are phone calls. */
  readonly isWeb?: true;
  readonly metadata?: Readonly<Record<string, unknown>>;
  readonly variables?: Readonly<Record<string, string>>;
  /** Put over the variables while the call went on. */
  readonly liveVariables?: Readonly<Record<string, string>>;
  readonly sipHeaders?: Readonly<Record<string, string>>;
  readonly customAttributes?: Readonly<Record<string, string | number | boolean>>;
  readonly live?: readonly LiveEntry[];
  /** There from the connection on, if the engine has custom functions. */
  readonly functions?: CallFunctions;
  /** How it goes once there is room for it; there is none if this is there. */
  readonly waiting?: { readonly course?: CallCourse; readonly customLlm?: LlmDetails };
  readonly llm?: LlmDetails;
  /** The batch that dialled it. */
  readonly batchCallId?: string;
  /** How often it was analysed again. */
  readonly reruns?: number;
  /** How many asked to listen while it went on. */
  readonly listeners?: number;
  /** Who ended it before it was planned to end, or without a plan: somebody by hand, `stop-call`, or a custom LLM. */
  readonly endedBy?: 'hand' | 'client' | 'server';
  /** What was ordered of it when it was ended by hand. */
  readonly forced?: Pick<ForcedCall, 'analysis' | 'recording' | 'transferDestination'>;
  /** Settings of its agent and engine for this call alone. */
  readonly override?: components['schemas']['AgentOverride'];
  /** The node of a flow, or the state of an LLM, in which it begins. */
  readonly startNode?: string;
  readonly startState?: string;
  /** What fixtures say of it besides. */
  readonly given?: GivenCall;
}

/** A call of a workspace, at a moment of its life. */
export interface CallRecord {
  readonly id: string;
  readonly origin: CallOrigin;
  readonly direction: CallDirection;
  readonly fromNumber: string;
  readonly toNumber: string;
  readonly agentId: string;
  readonly agentVersion: number;
  /** The seed in force when it was created. */
  readonly seed: string;
  /** How many calls of the workspace were created before. */
  readonly ordinal: number;
  /** Undefined if it is moved by hand. */
  readonly course: CallCourse | undefined;
  readonly plan: CallPlan;
  readonly state: CallState;
  /** That of the agent if undefined. */
  readonly dataStorage: DataStorageSetting | undefined;
  readonly details: CallDetails;
}

/** What a list can tell calls by once they are over, besides what every call has. */
export interface CallResults {
  readonly combinedCost: number | null;
  /** The median of its latency, in milliseconds. */
  readonly latency: number | null;
  readonly sentiment: string | null;
  readonly successful: boolean | null;
  readonly inVoicemail: boolean | null;
}

export const noResults: CallResults = {
  combinedCost: null,
  latency: null,
  sentiment: null,
  successful: null,
  inVoicemail: null,
};
