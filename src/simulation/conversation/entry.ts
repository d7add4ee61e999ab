import type { EngineNode } from '../../domain/engines/engine-node.js';
import type { ToolCall } from './tool-call.js';

/** An entry of a transcript, without time and ids. */
export type Entry =
  | { readonly role: 'agent' | 'user'; readonly content: string }
  | {
      readonly role: 'tool_call_invocation';
      readonly name: string;
      /** JSON. */
      readonly arguments: string;
      /** The tool's. */
      readonly type: string;
      /** Which call of a custom function it is, if its URL is requested. */
      readonly functionKey?: string;
    }
  | { readonly role: 'tool_call_result'; readonly content: string; readonly successful: boolean }
  | {
      readonly role: 'node_transition';
      readonly from: NodeRef;
      readonly to: NodeRef;
      readonly via: Transition;
    }
  | { readonly role: 'state_transition'; readonly from: NodeRef; readonly to: NodeRef };

/** How a node was entered. Documented (SDK types): `transition_type` has these names. */
export type Transition = 'normal' | 'global' | 'global_go_back';

/** A node of a flow, or a state of an LLM. */
export type NodeRef = Pick<EngineNode, 'id' | 'name'>;

/** Observed: the former node of the first transition of a flow. */
export const beginning: NodeRef = { id: 'begin', name: 'begin' };

/** The verdict of the judge on one metric, and the entries that decided it. */
export interface Verdict {
  readonly metric: string;
  readonly met: boolean;
  /** The entry in which the user asks about it; undefined if the user does not. */
  readonly askedAt: number | undefined;
  readonly decidedAt: number;
  /** The call that decided it; undefined if an agent's sentence did. */
  readonly call: ToolCall | undefined;
  /** Names of tools that the metric asks for and that were not called. */
  readonly missing: readonly string[];
}

/** Why a run has no verdicts. */
export type FailureCause =
  | { readonly kind: 'agent-model' }
  | { readonly kind: 'user-model'; readonly after: number }
  | { readonly kind: 'tool'; readonly toolName: string; readonly at: number }
  | { readonly kind: 'judge' }
  | { readonly kind: 'loop' }
  | { readonly kind: 'silence'; readonly from: number };

/** The conversation of a run. */
export interface Conversation {
  readonly entries: readonly Entry[];
  /** One for each metric that is talked about; empty if the conversation ended early. */
  readonly verdicts: readonly Verdict[];
  /** How many more metrics are met. */
  readonly othersMet: number;
  readonly cause: FailureCause | undefined;
  /** The last node; undefined for an engine without nodes and states. */
  readonly node: NodeRef | undefined;
  /** The dynamic variables at its end. */
  readonly variables: ReadonlyMap<string, unknown>;
  /** The calls of its tools. */
  readonly calls: readonly MadeCall[];
}

/** A call, and the entry of its invocation. */
export interface MadeCall {
  readonly at: number;
  readonly call: ToolCall;
}
