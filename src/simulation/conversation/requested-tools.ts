import type { EngineTool } from '../../domain/engines/engine-tool.js';
import type { IndexedTool, ToolIndex } from './tool-index.js';
import { lookUp, maxTextLength, stemOf, stemsOf } from './words.js';

/** The most tools that one text asks for. */
const maxTools = 4;

const negative =
  /\b(?:not|never|without|refuse|decline|avoid|nobody)\b|n['’]t\b|\binstead of\b|\brather than\b/i;
const wantsSomebody =
  /\b(?:speak|talk|connect\w*|transfer\w*|escalat\w*|put|reach|get|want|need)\b[^.!?\n]{0,40}\b(?:humans?|person|representative|operator|manager|supervisor|someone|staff|department|real agent|live agent)\b/i;

/** A request that implies another: to book implies to check the availability. */
const implied: readonly (readonly [string, string])[] = [
  ['book', 'availability'],
  ['reschedule', 'availability'],
  ['reschedule', 'book'],
].map(([stem = '', other = '']) => [stemOf(stem), stemOf(other)] as const);

const transfer = stemOf('transfer');

/**
 * The tools that a user prompt, or a message of the user, asks for, in the order of the text. A tool
 * that changes something is asked for by its verb (`cancel my order`), one that reads by its nouns.
 */
export function requestedTools(text: string, index: ToolIndex): EngineTool[] {
  if (index.all.length === 0) return [];
  const wanted = affirmative(text);
  const positions = new Map<string, number>();
  for (const [at, stem] of stemsOf(wanted).entries()) {
    if (!positions.has(stem)) positions.set(stem, at);
  }
  if (wantsSomebody.test(wanted)) positions.set(transfer, positions.get(transfer) ?? 1000);
  for (const [stem, other] of implied) {
    const at = positions.get(stem);
    if (at !== undefined && !positions.has(other)) positions.set(other, at - 0.5);
  }
  const found = index.all.flatMap((indexed) => {
    const at = positionOf(indexed, positions);
    return at === undefined ? [] : [{ ...indexed, ...at }];
  });
  return found
    .filter(
      ({ verb, hits }) =>
        verb === lookUp || !found.some((other) => other.verb === verb && other.hits > hits),
    )
    .sort((a, b) => a.at - b.at)
    .slice(0, maxTools)
    .map(({ tool }) => tool);
}

/** The clauses of a text that deny nothing. */
export const affirmative = (text: string): string =>
  text
    .slice(0, maxTextLength)
    .split(/(?<=[.!?;,\n])\s|\bbut\b/)
    .filter((clause) => !negative.test(clause))
    .join(' ');

/** The position at which the text asks for the tool, and how many of its nouns the text has. */
function positionOf(
  { tool, verb, nouns }: IndexedTool,
  positions: ReadonlyMap<string, number>,
): { readonly at: number; readonly hits: number } | undefined {
  // A text about the end does not end the conversation.
  if (tool.type === 'end_call' || verb === undefined) return undefined;
  const hits = [...nouns].flatMap((noun) => positions.get(noun) ?? []);
  const does = positions.get(verb);
  const collects = tool.type === 'extract_dynamic_variable';
  const isAsked = verb === lookUp || collects ? hits.length > 0 : does !== undefined;
  return isAsked
    ? { at: verb === lookUp || collects ? Math.min(...hits) : (does ?? 0), hits: hits.length }
    : undefined;
}
