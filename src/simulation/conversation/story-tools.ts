import type { EngineTool } from '../../domain/engine-tool.js';
import type { IndexedTool, ToolIndex } from './tool-index.js';
import { lookUp, longestText, stemOf, stemsOf } from './words.js';

/** Tools that one text asks for. */
const mostTools = 4;

const negative =
  /\b(?:not|never|without|refuse|decline|avoid|nobody)\b|n['’]t\b|\binstead of\b|\brather than\b/i;
const wantsSomebody =
  /\b(?:speak|talk|connect\w*|transfer\w*|escalat\w*|put|reach|get|want|need)\b[^.!?\n]{0,40}\b(?:humans?|person|representative|operator|manager|supervisor|someone|staff|department|real agent|live agent)\b/i;

/** Somebody who books something wants to know first when it can be had. */
const implied: readonly (readonly [string, string])[] = [
  ['book', 'availability'],
  ['reschedule', 'availability'],
  ['reschedule', 'book'],
].map(([stem = '', other = '']) => [stemOf(stem), stemOf(other)] as const);

const transfer = stemOf('transfer');

/**
 * The tools that somebody who says, or is told, this would have the agent call: what does it is
 * asked for by its verb (`cancel my order`), what looks something up by what that is about. In the
 * order in which the text comes to them.
 */
export function storyTools(text: string, index: ToolIndex): EngineTool[] {
  if (index.all.length === 0) return [];
  const wanted = text
    .slice(0, longestText)
    .split(/(?<=[.!?;,\n])\s|\bbut\b/)
    .filter((sentence) => !negative.test(sentence))
    .join(' ');
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
    .slice(0, mostTools)
    .map(({ tool }) => tool);
}

/** Where the text asks for the tool, and how many of its words are there; undefined if it does not. */
function positionOf(
  { tool, verb, nouns }: IndexedTool,
  positions: ReadonlyMap<string, number>,
): { readonly at: number; readonly hits: number } | undefined {
  // The conversation ends when it has come to its end, not because it is spoken of.
  if (tool.type === 'end_call' || verb === undefined) return undefined;
  const hits = [...nouns].flatMap((noun) => positions.get(noun) ?? []);
  const does = positions.get(verb);
  const collects = tool.type === 'extract_dynamic_variable';
  const isAsked = verb === lookUp || collects ? hits.length > 0 : does !== undefined;
  return isAsked
    ? { at: verb === lookUp || collects ? Math.min(...hits) : (does ?? 0), hits: hits.length }
    : undefined;
}
