import type { EngineTool } from '../../domain/engines/engine-tool.js';
import { boundedCache, cached, type BoundedCache } from '../../bounded-cache.js';
import { predicateOf, splitDenial } from './metric.js';
import { conditionInOtherLanguage, isEnglish, partsOf, toolsSpelledIn } from './other-languages.js';
import { toClause } from './text.js';
import type { IndexedTool, ToolIndex } from './tool-index.js';
import { isGeneric, lookUp, stemOf, stemsOf } from './words.js';

/** What a metric asks of tool calls. */
export interface ToolDemands {
  /** It is met only if each of these is called. */
  readonly asked: readonly EngineTool[];
  /** It is met only if none of these is called. */
  readonly forbidden: readonly EngineTool[];
  /** Whether they are forbidden under a condition only: `never books without asking`. */
  readonly conditional: boolean;
}

/** The most tools that one metric is about. */
const maxDemands = 5;

/**
 * Reads a metric for the tools that it asks for or forbids, by their names or by what they do:
 * `Calls book_table`, `The agent books the table`, `The call was not transferred`.
 */
export function toolDemands(metric: string, index: ToolIndex): ToolDemands {
  if (index.all.length === 0) return noDemands;
  const known = demandsByIndex.get(index) ?? boundedCache<string, ToolDemands>();
  demandsByIndex.set(index, known);
  return cached(known, metric, () => readDemands(metric, index));
}

/** The runs of a page have the same metrics again and again. Nothing makes what was read stale. */
const demandsByIndex = new WeakMap<ToolIndex, BoundedCache<string, ToolDemands>>();

function readDemands(metric: string, index: ToolIndex): ToolDemands {
  const clause = toClause(metric);
  const predicate = predicateOf(clause);
  const { denied, deed } = splitDenial(predicate ?? clause);
  const inEnglish = isEnglish(clause);
  const mentions = inEnglish
    ? (namedTools(clause, denied, index) ?? toolsDoing(deed, denied, predicate, index))
    : mentionsInOtherLanguage(clause, index);
  const asked = new Set<EngineTool>();
  const forbidden = new Set<EngineTool>();
  for (const { tool, refused } of mentions.slice(0, maxDemands)) {
    (refused ? forbidden : asked).add(tool);
  }
  return {
    asked: [...asked].filter((tool) => !forbidden.has(tool)),
    forbidden: [...forbidden],
    conditional: inEnglish
      ? denied && condition.test(clause)
      : conditionInOtherLanguage.test(clause),
  };
}

const mentionsInOtherLanguage = (clause: string, index: ToolIndex): Mention[] =>
  partsOf(clause).flatMap(({ text, isDenied }) => {
    const named = namedTools(text, false, index)?.map(({ tool }) => tool);
    const tools = named ?? toolsSpelledIn(text, index);
    return tools.map((tool) => ({ tool, refused: isDenied }));
  });

const noDemands: ToolDemands = { asked: [], forbidden: [], conditional: false };

interface Mention {
  readonly tool: EngineTool;
  readonly refused: boolean;
}

const refusal =
  /(?:\bno|\bnot|n['’]t|\bnever|\bwithout|\binstead of|\brather than|\bavoid\w*)(?:\s+[\w'’]+){0,3}\s*["'`“(]*$/i;
const refusedAfter =
  /^["'`”)]*(?:\s+(?:tool|function))?\s+(?:(?:is|was|were|are|has|be|must|should|does|did)\s+){0,3}(?:not|never)\b|^["'`”)]*(?:\s+(?:tool|function))?\s+(?:is|was|should|must|does|did)n['’]t\b/i;

/** The tools that a text names; undefined if it names none. */
function namedTools(clause: string, denied: boolean, index: ToolIndex): Mention[] | undefined {
  const mentions = Array.from(clause.matchAll(/[\w-]+/g)).flatMap((found): Mention[] => {
    const [word] = found;
    // A plain word, such as `book`, names a tool only where it is said to be one.
    const isIdentifier = /[_-]|[a-z][A-Z]/.test(word);
    const tool = index.named(word) ?? (isIdentifier ? index.named(snakeCase(word)) : undefined);
    if (tool === undefined) return [];
    const before = clause.slice(Math.max(0, found.index - 60), found.index);
    const after = clause.slice(found.index + word.length, found.index + word.length + 40);
    const saidToBe =
      isIdentifier ||
      /\b(?:calls?|called|invokes?|uses?|triggers?|executes?|runs?|calling|using)\s+(?:the\s+)?["'`“]?$/i.test(
        before,
      ) ||
      /^["'`”]?\s+(?:tool|function)\b/i.test(after);
    if (!saidToBe) return [];
    return [{ tool, refused: denied || refusal.test(before) || refusedAfter.test(after) }];
  });
  return mentions.length === 0 ? undefined : mentions;
}

const snakeCase = (word: string): string =>
  word
    .replaceAll('-', '_')
    .replaceAll(/(?<=[a-z\d])(?=[A-Z])/g, '_')
    .toLowerCase();

const separator =
  /\b(and then|and|then|but|or|before|after|without|instead of|rather than)\b|([,;])/i;

/** The tools that do what each part of a text says. */
function toolsDoing(
  deed: string,
  denied: boolean,
  predicate: string | undefined,
  index: ToolIndex,
): Mention[] {
  // The condition is not denied: `never books before the date is confirmed`.
  const said = denied ? (deed.split(condition, 1)[0] ?? '') : deed;
  const [first = '', ...rest] = said.split(separator);
  const parts = [{ link: '', text: first }];
  for (let at = 0; at + 2 < rest.length && parts.length < 10; at += 3) {
    parts.push({ link: rest[at] ?? rest[at + 1] ?? '', text: rest[at + 2] ?? '' });
  }
  return parts.flatMap(({ link, text }): Mention[] => {
    const { denied: deniedHere, deed: part } = splitDenial(text.trim());
    const refused =
      denied || deniedHere || /^(?:without|instead|rather)/i.test(link) || deniedPassive.test(part);
    return toolsOfPart(part, predicate !== undefined, index).map((tool) => ({ tool, refused }));
  });
}

const condition = /\b(?:before|until|unless|without|if|when|except|after)\b/i;

const adverb = /^(?:\w+ly|then|also|first|always|finally|correctly)\s+/i;
const passive =
  /\b(?:is|are|was|were|be|been|being|gets|got)\s+(?:(?:not|never|\w+ly)\s+){0,2}(\w+ed|made|done|set|sent|put)\b/i;
const deniedPassive =
  /\b(?:is|are|was|were|be|been)(?:n['’]t)?\s+(?:\w+ly\s+)?(?:not|never)\b|n['’]t\b|^no\b/i;

/** Verbs that need a noun to say what is done: `makes a booking`. */
const lightVerbs = new Set(
  ['make', 'made', 'do', 'done', 'perform', 'complete', 'place', 'create', 'call'].map(stemOf),
);

/** The tools that do what a part of a sentence says; more than one only if they differ in no word. */
function toolsOfPart(part: string, isAboutAgent: boolean, index: ToolIndex): EngineTool[] {
  const happened = passive.exec(part)?.[1];
  const words = part.replace(adverb, '');
  const head = /^[\w-]+/.exec(words)?.[0];
  if (head === undefined || (happened === undefined && !isAboutAgent)) return [];
  const stems = stemsOf(part);
  const verb = stemOf((happened ?? head).toLowerCase());
  const verbs = lightVerbs.has(verb) ? stems : [verb];
  const candidates = [...new Set(verbs)].flatMap((stem) => [...index.doing(stem)]);
  const objects = stems.filter((stem) => stem !== verb && !isGeneric(stem));
  return bestOf(candidates, objects);
}

function bestOf(candidates: readonly IndexedTool[], objects: readonly string[]): EngineTool[] {
  const said = new Set(objects);
  const scored = candidates
    .map(({ tool, verb, nouns, description }) => ({
      tool,
      verb,
      hits: [...nouns].filter((noun) => said.has(noun)).length,
      nouns: nouns.size,
      described: [...description].filter((stem) => said.has(stem)).length,
    }))
    .filter(
      ({ verb, hits, nouns, described }) =>
        hits > 0 ||
        (verb !== lookUp &&
          (nouns === 0 || said.size === 0 || said.has(verb ?? '') || described > 0)),
    );
  const best = Math.max(...scored.map(({ hits }) => hits));
  const tools = scored.filter(({ hits }) => hits === best).map(({ tool }) => tool);
  return said.size === 0 ? tools : tools.slice(0, 1);
}
