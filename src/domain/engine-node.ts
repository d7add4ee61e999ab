import type { EngineTool } from './engine-tool.js';

/**
 * Nodes or states that a conversation knows, and of each: tools, edges, and of an edge: equations.
 * A client may send megabytes of them.
 */
export const mostNodes = 1000;
export const mostLocalTools = 100;
export const mostEdges = 200;
export const mostEquations = 20;

/** Where a conversation can be: a node of a flow, or a state of an LLM. */
export interface EngineNode {
  readonly id: string;
  readonly name: string;
  /** As the contract has it for nodes; `state` for states. */
  readonly type: string;
  /** Whether the agent talks with the user here. */
  readonly speaks: boolean;
  /** What it says on arriving: a fixed text, or what it is told to do; or nothing. */
  readonly instruction: { readonly type: 'fixed' | 'prompt'; readonly text: string } | undefined;
  /** The tool that is called because the conversation is here. */
  readonly ownTool: EngineTool | undefined;
  /** Tools that the agent can call here, besides the general ones. */
  readonly tools: readonly EngineTool[];
  /** In the order in which they are tried. */
  readonly edges: readonly EngineEdge[];
}

export interface EngineEdge {
  readonly to: string;
  /**
   * When it is taken: `choice`, if what its prompt says is so; `equation`, if its equations hold;
   * `else`, if nothing else is; `success` and `failure`, after that result of the node's own tool;
   * `skip`, without waiting for the user; `enter`, from a component's node to the first within it.
   */
  readonly when: 'choice' | 'equation' | 'else' | 'success' | 'failure' | 'skip' | 'enter';
  readonly prompt: string;
  readonly equations: readonly Equation[];
  /** Whether one of the equations is enough. */
  readonly anyEquation: boolean;
}

export interface Equation {
  readonly left: string;
  readonly operator: string;
  readonly right: string;
}
