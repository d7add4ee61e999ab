import { toClause } from './text.js';
import { maxTextLength } from './words.js';

/** The sentence of a user prompt that says what the user wants, in the first person. */
export function mainIntent(userPrompt: string): string | undefined {
  const sentences = sentencesOf(userPrompt);
  const intent =
    sentences.find((sentence) =>
      /\b(?:want|need|would like|wish|have|looking)\b/i.test(sentence),
    ) ?? sentences[0];
  return intent === undefined ? undefined : `${toClause(firstPerson(intent)).slice(0, 160)}.`;
}

/** The sentences of a text, without marks of Markdown. */
const sentencesOf = (text: string): string[] =>
  text
    .slice(0, maxTextLength)
    .split('\n')
    .map((line) => line.replace(/^\s*(?:[-*+>]|\d+[.)])\s+/, '').replaceAll(/[*_`]{2,}/g, ''))
    .filter((line) => !/^\s*#/.test(line))
    .join(' ')
    .split(/(?<=[.!?])\s+/)
    .filter((sentence) => /\w/.test(sentence));

/**
 * The first words of a user who was given this prompt: its sentences about "you", with "I" in the
 * place of "you"; or, if it has none, the prompt itself.
 */
export function openingLine(userPrompt: string): string {
  const sentences = sentencesOf(userPrompt);
  const intents = sentences
    .filter((sentence) => /^\s*(?:you|your|i)\b/i.test(sentence))
    .slice(0, 3);
  if (intents.length > 0) return `${toClause(firstPerson(intents.join(' ')))}.`;
  const matter = toClause(userPrompt);
  return matter === '' ? 'Hello, I have a question.' : `Hello, it is about this: ${matter}.`;
}

const pronouns: Readonly<Record<string, string>> = {
  "you're": 'I am',
  "you've": 'I have',
  "you'll": 'I will',
  "you'd": 'I would',
  'you are': 'I am',
  'you were': 'I was',
  yourself: 'myself',
  yours: 'mine',
  your: 'my',
};

/** `You want your money back.` → `I want my money back.` */
function firstPerson(text: string): string {
  return text
    .replaceAll(
      /\b(you're|you've|you'll|you'd|you are|you were|yourself|yours|your)\b/gi,
      (found) => {
        const replacement = pronouns[found.toLowerCase()] ?? found;
        return found.startsWith('Y') ? capitalised(replacement) : replacement;
      },
    )
    .replaceAll(/\b(to|for|with|from|at|about|of|tell|give|ask|call|help|let) you\b/gi, '$1 me')
    .replaceAll(/\byou\b/gi, 'I');
}

const capitalised = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);
