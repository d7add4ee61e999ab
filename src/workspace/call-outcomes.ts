import { disconnectionReasons, type DisconnectionReason } from '../domain/calls/call.js';

/** Relative weights of why calls end, each above zero. */
export type CallOutcomeWeights = readonly (readonly [
  reason: DisconnectionReason,
  weight: number,
])[];

/**
 * Reads `user_hangup=0.6,dial_busy=0.4`; what is not named never happens.
 * @returns undefined if it isn't of that form, names one twice, or no weight is above zero.
 */
export function parseCallOutcomes(text: string): CallOutcomeWeights | undefined {
  const weights: Record<string, number> = {};
  for (const part of text.split(',')) {
    const [, name = '', weight] = /^\s*(\w+)\s*=\s*(\d+(?:\.\d+)?|\.\d+)\s*$/.exec(part) ?? [];
    if (Object.hasOwn(weights, name)) return undefined;
    weights[name] = Number(weight);
  }
  return toCallOutcomes(weights);
}

/** The order is that of the vendor's list, so that the same weights draw the same. */
export function toCallOutcomes(
  weights: Readonly<Record<string, number>>,
): CallOutcomeWeights | undefined {
  const known: readonly string[] = disconnectionReasons;
  if (!Object.keys(weights).every((name) => known.includes(name))) return undefined;
  const given = disconnectionReasons.flatMap((reason) => {
    const weight = Object.hasOwn(weights, reason) ? (weights[reason] ?? 0) : 0;
    return weight > 0 ? [[reason, weight] as const] : [];
  });
  const sum = given.reduce((total, [, weight]) => total + weight, 0);
  return sum > 0 && Number.isFinite(sum) ? given : undefined;
}

/** Picks a reason by weight, of those that pass. `draw` is in [0, 1). Undefined if none passes. */
export function pickCallOutcome(
  weights: CallOutcomeWeights,
  draw: number,
  passes: (reason: DisconnectionReason) => boolean = () => true,
): DisconnectionReason | undefined {
  const possible = weights.filter(([reason]) => passes(reason));
  const sum = possible.reduce((total, [, weight]) => total + weight, 0);
  let point = draw * sum;
  for (const [reason, weight] of possible) {
    if (point < weight) return reason;
    point -= weight;
  }
  // Rounding may put the point at the very end.
  return possible.at(-1)?.[0];
}
