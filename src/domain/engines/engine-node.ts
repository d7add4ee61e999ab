import type { EngineTool } from './engine-tool.js';

/**
 * The most nodes or states that a conversation uses, the most tools and edges of each, and the most
 * equations of an edge. A client may send megabytes of them.
 */
export const maxNodes = 1000;
export const maxLocalTools = 100;
export const maxEdges = 200;
/** Documented: an edge has at most 50 equations. */
export const maxEquations = 50;

/** A node of a flow, or a state of an LLM. */
export interface EngineNode {
  readonly id: string;
  readonly name: string;
  /** The contract's type of the node; `state` for states. */
  readonly type: string;
  /** True if the agent talks with the user in this node. */
  readonly speaks: boolean;
  /** What the agent says first in this node: a fixed text, or a prompt for it; undefined for nothing. */
  readonly instruction: { readonly type: 'fixed' | 'prompt'; readonly text: string } | undefined;
  /** The tool that the node itself calls. */
  readonly ownTool: EngineTool | undefined;
  /** Tools that the agent can call in this node, besides the general ones. */
  readonly tools: readonly EngineTool[];
  /** In the order in which they are tried. */
  readonly edges: readonly EngineEdge[];
  /** Set if the conversation can enter it from any node in which the user speaks. */
  readonly global: GlobalSetting | undefined;
}

export interface GlobalSetting {
  /** What the user has to say, or what has to be so, for the node to be entered. */
  readonly condition: string;
  /** When the conversation goes back to the node that it came from. Their `to` is empty. */
  readonly goBack: readonly EngineEdge[];
  /** How many transitions must pass before the node can be entered again. */
  readonly coolDown: number;
}

export interface EngineEdge {
  readonly to: string;
  /**
   * When the edge is taken. `choice`: its prompt is true. `equation`: its equations hold.
   * `else`: no other edge is. `success`, `failure`: after that result of the node's own tool.
   * `skip`: without waiting for the user. `always`: whatever the user says.
   * `enter`: from a component's node to its first inner node.
   */
  readonly when:
    'choice' | 'equation' | 'else' | 'success' | 'failure' | 'skip' | 'always' | 'enter';
  readonly prompt: string;
  readonly equations: readonly Equation[];
  /** True if one of the equations is enough. */
  readonly anyEquation: boolean;
}

export interface Equation {
  readonly left: string;
  readonly operator: string;
  readonly right: string;
}
