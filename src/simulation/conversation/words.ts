import { stemmer } from 'stemmer';
import { boundedCache, cached } from '../../bounded-cache.js';

/** How many characters of a client's text are read: it may be megabytes. */
export const maxTextLength = 5000;

/** Synonyms. The first of each group stands for all. */
const sameWords = [
  'book reserve reservation schedule',
  'reschedule move postpone rebook',
  'cancel',
  'transfer escalate escalation handoff connect reroute',
  'human representative operator supervisor',
  'available availability slot opening',
  'appointment meeting',
  'refund reimburse',
  'check find lookup search fetch get list retrieve query look read load verify verification validate',
  'sms text',
  'end hang hangup terminate finish',
  'customer caller client user patient',
  'pay payment charge',
  'create add submit register',
  'update change modify edit',
  'save store record log',
  'collect capture extract gather',
  'call invoke trigger use execute run',
] as const;

/** The verb of all tools that only read. */
export const lookUp = 'check';

/** Words that do not distinguish one tool from another. */
const genericWords = new Set(
  `call tool function api cal custom data info information detail the a an to for of with and or in
   on at my new their your his her its it them me him that this conversation agent assistant bot
   customer human person people someone team staff department properly correctly successfully
   immediately right away please one any all only phone via using through`
    .split(/\s+/)
    .map(stemmer),
);

const wordOf = new Map(
  sameWords.flatMap((words) => {
    const [first = '', ...others] = words.split(' ').map(stemmer);
    return [first, ...others].map((word) => [word, first] as const);
  }),
);

/** Nothing makes a stem stale: it depends on the word alone. */
const stems = boundedCache<string, string>();

/** Words are compared by their stems: `booked` and `reservation` have the stem of `book`. */
export const stemOf = (word: string): string =>
  word.length > 40
    ? word
    : cached(stems, word, () => {
        const stem = stemmer(word);
        return wordOf.get(stem) ?? stem;
      });

const genericStems = new Set([...genericWords].map((word) => wordOf.get(word) ?? word));

export const isGeneric = (stem: string): boolean => genericStems.has(stem);

/** The stems of the words of a text, or of the parts of an identifier, in order. */
export const stemsOf = (text: string): string[] =>
  Array.from(
    text
      .slice(0, maxTextLength)
      .replaceAll(/(?<=[a-z\d])(?=[A-Z])/g, ' ')
      .toLowerCase()
      .matchAll(/[\p{L}\p{N}]+/gu),
    ([word]) => stemOf(word),
  );

const verbs = new Set(
  `book reschedule cancel transfer refund check end pay create update save collect send order
   press swap notify remind confirm submit place start stop open close get set delete remove
   calculate compute quote request report charge apply assign mark track ship return lock unlock
   reset email message dial invite approve reject issue upgrade downgrade subscribe unsubscribe
   activate deactivate enroll verify process handle trigger call leave take make give provide`
    .split(/\s+/)
    .map(stemOf),
);

export const isVerb = (stem: string): boolean => verbs.has(stem);
