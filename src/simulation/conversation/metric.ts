import { toClause } from './text.js';

/**
 * A metric as clauses for a dialogue: something that the agent does, something that it refrains
 * from, or a statement that holds, if the metric is not about a deed of the agent.
 */
export interface ParsedMetric {
  readonly kind: 'does' | 'refrains' | 'holds';
  /** As the user puts it: `confirm my new date`. */
  readonly asked: string;
  /** As the agent puts it: `confirm your new date`. */
  readonly answered: string;
}

const agent = /^(?:the |that the )?(?:ai |voice )?(?:agent|assistant|bot)\s+(.+)$/is;
const modal =
  /^(?:should|must|shall|will|can|could|may|has to|needs to|is able to|was able to|is expected to|manages to|managed to)\s+(.+)$/is;
const denial =
  /^(?:(?:does|do|did|is|was|should|must|can|could|will|shall|may) not|cannot|(?:does|do|did|is|was|should|must|ca|could|wo|sha)n['’]t|not|never|avoids?|refrains? from)\s+(.+)$/is;
/** Without a subject it is about the agent: `Must not transfer`, `Books the table`. */
const aboutAgent =
  /^(?:should|must|shall|does|do|never|cannot|avoids?|refrains? from|(?:should|must|does|do)n['’]t)\s|^[a-z]+[^\sus']s\s+(?:the|a|an|to|for|that|whether|all|any|no|their|his|her|my|\w+_\w+)\b/i;
const someone = 'the (?:user|caller|customer|patient|client)';
const caller = new RegExp(`\\b${someone}(['’]s)?(?!\\w)`, 'gi');
/** A clause that the caller is the subject of: `what the user asks for`. */
const callerClause = new RegExp(
  `\\b(what|that|when|whenever|if|whether|how|why|where|once|until|because|before|after|than) ${someone} ([a-z]+)`,
  'gi',
);

/** Reads a metric: `The agent never reveals the caller's PIN` → refrains, `reveal my PIN`. */
export function parseMetric(metric: string): ParsedMetric {
  const clause = toClause(metric) || 'an unnamed metric';
  const predicate = predicateOf(clause);
  if (predicate === undefined) return toParsed('holds', clause);

  const { denied, deed } = splitDenial(predicate);
  const base = baseForm(deed);
  if (base === undefined) return toParsed('holds', clause);
  return toParsed(denied ? 'refrains' : 'does', base);
}

/** The predicate of a sentence about the agent; undefined if it is not about the agent. */
export const predicateOf = (clause: string): string | undefined =>
  agent.exec(clause)?.[1] ?? (aboutAgent.test(clause) ? lowerFirst(clause) : undefined);

/** `should not book` → denied, `book`. */
export function splitDenial(predicate: string): { denied: boolean; deed: string } {
  const refused = denial.exec(predicate)?.[1];
  if (refused !== undefined) return { denied: true, deed: refused };
  const possible = modal.exec(predicate)?.[1];
  const denied = possible === undefined ? undefined : denial.exec(possible)?.[1];
  return { denied: denied !== undefined, deed: denied ?? possible ?? predicate };
}

const lowerFirst = (text: string): string => text.charAt(0).toLowerCase() + text.slice(1);

const toParsed = (kind: ParsedMetric['kind'], text: string): ParsedMetric => ({
  kind,
  asked: text
    .replaceAll(
      callerClause,
      (_, link: string, verb: string) => `${link} I ${personal(verb, 'am', 'was')}`,
    )
    .replaceAll(caller, (_, owns?: string) => (owns === undefined ? 'me' : 'my')),
  answered: text
    .replaceAll(
      callerClause,
      (_, link: string, verb: string) => `${link} you ${personal(verb, 'are', 'were')}`,
    )
    .replaceAll(caller, (_, owns?: string) => (owns === undefined ? 'you' : 'your')),
});

/** `asks` → `ask`, as after `I` and `you`. */
function personal(verb: string, is: string, was: string): string {
  if (verb === 'is') return is;
  return verb === 'was' ? was : infinitive(verb);
}

const irregular: Readonly<Record<string, string>> = { has: 'have', is: 'be', does: 'do' };

/** `asks` → `ask`. */
export const infinitive = (verb: string): string =>
  irregular[verb] ??
  verb
    .replace(/ies$/, 'y')
    .replace(/(?<=ss|sh|ch|x|z|o)es$/, '')
    .replace(/(?<=[^s])s$/, '');

/** `confirms the date` → `confirm the date`; undefined where the verb has no such form. */
function baseForm(predicate: string): string | undefined {
  const [, adverb = '', verb = '', rest = ''] = /^(\w+ly\s+)?([\w-]+)(.*)$/s.exec(predicate) ?? [];
  if (verb === '' || /(?:ed|ing)$/.test(verb)) return undefined;
  return `${adverb}${infinitive(verb)}${rest}`;
}
