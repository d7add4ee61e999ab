import type { Engine } from '../../domain/engines/engine.js';
import type { EngineNode } from '../../domain/engines/engine-node.js';
import { infinitive } from './metric.js';
import { affirmative } from './requested-tools.js';
import { toClause } from './text.js';
import { stemOf, stemsOf } from './words.js';

/** Global nodes of one engine to read. */
const maxGlobals = 100;

/** Words of conditions that do not tell one from another. */
const commonWords = new Set(
  `if when the a an user caller customer client patient is are was be been being has have had says
   say said ask asks asked asking for about to of on in with and or that this they he she it their
   his her want wants wanted need needs would like wishes mention mentions request requests tell
   tells express expresses indicate indicates speak talk any some at by from there will can could
   should during conversation call`
    .split(/\s+/)
    .map(stemOf),
);

/** The share of a condition's words that a text must have. */
const enough = 0.6;

/** The global nodes of an engine whose condition a text of the user meets. */
export function globalNodesFor(engine: Engine, text: string): EngineNode[] {
  const globals = globalNodesOf(engine);
  if (globals.length === 0) return [];
  const said = new Set(stemsOf(affirmative(text)));
  return globals.filter(({ global }) => {
    const stems = new Set(
      stemsOf((global?.condition ?? '').slice(0, 300)).filter((stem) => !commonWords.has(stem)),
    );
    const hits = [...stems].filter((stem) => said.has(stem)).length;
    return hits > 0 && hits >= enough * stems.size;
  });
}

export const globalNodesOf = ({ nodes }: Engine): EngineNode[] =>
  [...nodes.values()].filter(({ global }) => global !== undefined).slice(0, maxGlobals);

/** What a user says to meet the condition: `The user wants a refund` → `I want a refund.` */
export function lineFor(condition: string): string | undefined {
  const clause = toClause(condition.slice(0, 500));
  const [, verb = '', rest = ''] =
    /\b(?:user|caller|customer|client|patient)\s+([a-z]+)\b(.*)$/is.exec(clause) ?? [];
  if (verb === '' || /(?:ed|ing)$/.test(verb)) return undefined;
  const first = verb === 'is' ? 'am' : infinitive(verb);
  const own = rest.replaceAll(/\b(?:their|his|her)\b/gi, 'my').replaceAll(/\bthey\b/gi, 'I');
  return `I ${first}${own}.`;
}
