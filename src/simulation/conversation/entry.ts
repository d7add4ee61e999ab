import type { EngineNode } from '../../domain/engine-node.js';
import type { ToolCall } from './tool-call.js';

/** An entry of a transcript, before it has times and ids. */
export type Entry =
  | { readonly role: 'agent' | 'user'; readonly content: string }
  | {
      readonly role: 'tool_call_invocation';
      readonly name: string;
      /** JSON. */
      readonly arguments: string;
      /** The tool's. */
      readonly type: string;
    }
  | { readonly role: 'tool_call_result'; readonly content: string; readonly successful: boolean }
  | {
      readonly role: 'node_transition' | 'state_transition';
      readonly from: NodeRef;
      readonly to: NodeRef;
    };

/** A node of a flow, or a state of an LLM. */
export type NodeRef = Pick<EngineNode, 'id' | 'name'>;

/** Observed: what a flow comes from when it enters its first node. */
export const beginning: NodeRef = { id: 'begin', name: 'begin' };

/** What the judge found of one metric, and the entries that decided it. */
export interface Verdict {
  readonly metric: string;
  readonly met: boolean;
  /** Where the user brings it up; undefined if that was not needed. */
  readonly askedAt: number | undefined;
  readonly decidedAt: number;
  /** The call there, if it was one that decided. */
  readonly call: ToolCall | undefined;
  /** Tools that it asks for and that were not called. */
  readonly missing: readonly string[];
}

/** Why a run came to no verdict. */
export type FailureCause =
  | { readonly kind: 'agent-model' }
  | { readonly kind: 'user-model'; readonly after: number }
  | { readonly kind: 'tool'; readonly toolName: string; readonly at: number }
  | { readonly kind: 'judge' }
  | { readonly kind: 'loop' }
  | { readonly kind: 'silence'; readonly from: number };

/** What was said and done in a run. */
export interface Conversation {
  readonly entries: readonly Entry[];
  /** Of each metric that is talked about; empty if it did not come to that. */
  readonly verdicts: readonly Verdict[];
  /** How many metrics more are met. */
  readonly othersMet: number;
  readonly cause: FailureCause | undefined;
  /** Where the conversation ended; undefined where there are neither nodes nor states. */
  readonly node: NodeRef | undefined;
  /** What was known at its end. */
  readonly variables: ReadonlyMap<string, unknown>;
}
