import { asMatter } from './phrases.js';

/**
 * What a metric asks for, in a form that can be talked about: something the agent does, something
 * it refrains from, or, where the metric isn't about what the agent does, anything that holds.
 */
export interface Topic {
  readonly kind: 'does' | 'refrains' | 'holds';
  /** As the user puts it: `confirm my new date`. */
  readonly asked: string;
  /** As the agent puts it: `confirm your new date`. */
  readonly answered: string;
}

const agent = /^(?:the |that the )?(?:ai |voice )?(?:agent|assistant|bot)\s+(.+)$/is;
const modal = /^(?:should|must|shall|will|can|has to|needs to|is able to|is expected to)\s+(.+)$/is;
const denial =
  /^(?:(?:does|do|did|is|was) not|(?:does|do|did|is|was)n['’]t|not|never|avoids?|refrains? from)\s+(.+)$/is;
const someone = 'the (?:user|caller|customer|patient|client)';
const caller = new RegExp(`\\b${someone}(['’]s)?(?!\\w)`, 'gi');
/** A clause that the caller is the subject of: `what the user asks for`. */
const clause = new RegExp(
  `\\b(what|that|when|whenever|if|whether|how|why|where|once|until|because|before|after|than) ${someone} ([a-z]+)`,
  'gi',
);

/** Reads a metric: `The agent never reveals the caller's PIN` → refrains, `reveal my PIN`. */
export function topicOf(metric: string): Topic {
  const matter = asMatter(metric) || 'an unnamed metric';
  const predicate = agent.exec(matter)?.[1];
  if (predicate === undefined) return toTopic('holds', matter);

  const afterModal = modal.exec(predicate)?.[1];
  const afterDenial = denial.exec(afterModal ?? predicate)?.[1];
  const deed = baseForm(afterDenial ?? afterModal ?? predicate);
  if (deed === undefined) return toTopic('holds', matter);
  return toTopic(afterDenial === undefined ? 'does' : 'refrains', deed);
}

const toTopic = (kind: Topic['kind'], text: string): Topic => ({
  kind,
  asked: text
    .replaceAll(
      clause,
      (_, link: string, verb: string) => `${link} I ${personal(verb, 'am', 'was')}`,
    )
    .replaceAll(caller, (_, owns?: string) => (owns === undefined ? 'me' : 'my')),
  answered: text
    .replaceAll(
      clause,
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

const infinitive = (verb: string): string =>
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
