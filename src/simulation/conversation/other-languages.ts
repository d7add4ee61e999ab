import type { EngineTool } from '../../domain/engines/engine-tool.js';
import type { IndexedTool, ToolIndex } from './tool-index.js';
import { isGeneric } from './words.js';

/**
 * Metrics in languages other than English. Understood are the names of tools and whether their part
 * of the sentence denies something, in the languages of `negations`; and tools whose name has the
 * words of the sentence (`reservar_mesa`: "El agente reserva la mesa"). What else a sentence says is
 * not understood: no tool is called, or left out, because of it.
 */

/** Words that only English has. */
const english =
  /\b(?:the|should|must|shall|calls|called|invokes?|uses?|triggers?|do|does|not|never|without)\b/i;

/** Whether a metric is read as English: it has a word that only English has, or none of another. */
export const isEnglish = (clause: string): boolean =>
  !otherScripts.test(clause) && (english.test(clause) || !otherWords.test(clause));

const otherScripts = /[^\P{L}\p{Script=Latin}]/u;

const alternatives = (words: string): string => words.trim().split(/\s+/).join('|');

const word = (words: string): RegExp =>
  new RegExp(`(?<![\\p{L}\\p{M}])(?:${alternatives(words)})(?![\\p{L}\\p{M}])`, 'iu');

/** Spanish and Portuguese, French, Italian, German, Dutch, Polish, Russian, Hindi, and others. */
const negations = word(`
  no nunca jamás jamas sin ni tampoco evita evitar não nao jamais sem nem
  ne n['’]\\p{L}+ pas sans aucune? évite éviter non mai senza né evita
  nicht nie niemals kein keine keinen keiner ohne weder noch vermeidet
  niet nooit geen zonder nie nigdy bez не никогда без ни
  नहीं न मत बिना कभी
  inte aldrig utan ikke aldri aldrig uten uden ei älä hayır değil asla
`);

const articles = word(
  'el la los las una uno um uma os le les une des der das dem den ein eine il lo gli een het',
);
const otherWords = { test: (text: string) => negations.test(text) || articles.test(text) };

/** After these, a sentence says what is so instead. */
const contrasts = 'sondern aber sino pero mas mais ma però maar lecz ale но а लेकिन बल्कि but men';
const links = 'y e et und en i и और o u ou oder of lub или या and or then och og eller ve';
const without = 'sin sem ohne sans senza zonder bez без';
const separator = new RegExp(
  [
    `(?<![\\p{L}\\p{M}])(?:${alternatives(`${contrasts} ${links}`)})(?![\\p{L}\\p{M}])`,
    // The word itself is a part of what follows, which it denies.
    `(?<![\\p{L}\\p{M}])(?=(?:${alternatives(without)})(?![\\p{L}\\p{M}]))`,
    '[.;:,]',
  ].join('|'),
  'giu',
);
const isContrast = word(contrasts);

/** Chinese, Japanese and Korean write a negation within or after other words. */
const negationsWithin = /不|没|沒|未|勿|禁止|ない|ません|ずに|않|마세요|안 /u;

const denies = (part: string): boolean => negations.test(part) || negationsWithin.test(part);

/** The words before a condition are denied under that condition only. */
export const conditionInOtherLanguage = word(
  'antes hasta salvo bevor bis außer ausser avant jusqu prima finché voordat tot sauf excepto exceto antes до кроме पहले sin sem ohne sans senza zonder bez без',
);

interface Part {
  readonly text: string;
  readonly isDenied: boolean;
}

/** The parts of a sentence, each with whether it denies what it says. */
export function partsOf(clause: string): Part[] {
  const parts: Part[] = [];
  let link = '';
  let from = 0;
  const add = (to: number): void => {
    const text = clause.slice(from, to);
    const words = text.match(/[\p{L}\p{M}\w-]+/gu) ?? [];
    // `no llama a x ni y`, `ruft x oder y nicht auf`: a part without a verb has the denial before it.
    const inherits = words.length <= 2 && !isContrast.test(link);
    const isDenied = denies(text) || (inherits && parts.at(-1)?.isDenied === true);
    parts.push({ text, isDenied });
  };
  for (const found of clause.matchAll(separator)) {
    add(found.index);
    [link, from] = [found[0], found.index + found[0].length];
    if (parts.length === 20) break;
  }
  add(clause.length);
  return parts;
}

/** The tools whose name has only words that the part has, in another form. */
export function toolsSpelledIn(part: string, index: ToolIndex): EngineTool[] {
  const words = wordsOf(part);
  return index.all.filter((indexed) => isSpelledIn(words, indexed)).map(({ tool }) => tool);
}

const isSpelledIn = (words: readonly string[], { tool }: IndexedTool): boolean => {
  const names = wordsOf(tool.name.slice(0, 100)).filter((name) => !isGeneric(name));
  return names.length > 0 && names.every((name) => words.some((one) => isFormOf(one, name)));
};

const wordsOf = (text: string): string[] =>
  text
    .normalize('NFD')
    .replaceAll(/\p{M}/gu, '')
    .replaceAll(/(?<=[a-z\d])(?=[A-Z])/g, ' ')
    .toLowerCase()
    .match(/\p{L}{3,40}/gu)
    ?.slice(0, 60) ?? [];

/** `transfiere` and `transfer`, `reserva` and `reservar`: most of the shorter word is the same. */
function isFormOf(first: string, second: string): boolean {
  const length = Math.min(first.length, second.length);
  let same = 0;
  while (same < length && first[same] === second[same]) same += 1;
  return same >= 4 && same >= 0.7 * length;
}
