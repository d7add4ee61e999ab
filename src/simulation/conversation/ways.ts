import type { EngineEdge } from '../../domain/engines/engine-node.js';
import { equationsHold } from './equation.js';
import type { ToolCall } from './tool-call.js';

/** Words of a condition that is about a failure. */
const aboutFailure =
  /\b(?:fail\w*|errors?|unsuccessful\w*|unable|cannot|could ?n[o'’]t|invalid|declined|rejected|no (?:slots?|availability|results?|match\w*)|not (?:found|available|successful|possible))\b/i;

/**
 * The edges that can be taken from a node. The first edge whose equations hold goes before all
 * conditions in words. An edge that skips the response, or that is always taken, goes before those
 * that depend on what the user says.
 * @param call the call of the node's own tool; undefined if it has none.
 */
export function waysOut(
  edges: readonly EngineEdge[],
  call: ToolCall | undefined,
  variables: ReadonlyMap<string, unknown>,
): readonly EngineEdge[] {
  const failed = call?.result?.successful === false;
  const byResult = edges.filter(({ when }) => when === (failed ? 'failure' : 'success'));
  if (byResult.length > 0) return byResult;
  const equal = edges.find((edge) => edge.when === 'equation' && equationsHold(edge, variables));
  if (equal !== undefined) return [equal];
  const sure = edges.find(({ when }) => when === 'skip' || when === 'always');
  if (sure !== undefined) return [sure];
  const choices = edges.filter(({ when }) => when === 'choice');
  const others = edges.filter(({ when }) => when === 'else');
  if (choices.length === 0 || call === undefined || decides(call)) return [...choices, ...others];
  const fitting = choices.filter(
    ({ prompt }) => aboutFailure.test(prompt.slice(0, 300)) === failed,
  );
  if (fitting.length > 0) return fitting;
  // The else edge is for a tool that failed, too.
  return failed && others.length > 0 ? others : choices;
}

/** The calls of nodes that only set variables, so that conditions decide as in a branch. */
const decides = ({ tool: { type } }: ToolCall): boolean =>
  type === 'extract_dynamic_variable' || type === 'code';
