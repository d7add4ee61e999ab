import { longestText } from './words.js';

/** What is said, in templates of our own. `{}` is where a clause goes. */
export const phrases = {
  greeting: [
    'Hello, thank you for calling. How can I help you today?',
    'Good morning, you have reached the front desk. What can I do for you?',
    'Hi there! What can I help you with?',
  ],
  understood: [
    'I see. Let me take care of that.',
    'Thank you for explaining. Let us go through it.',
    'All right, I am happy to help you with that.',
  ],
  lookUp: ['Can you look that up, please?', 'Please go ahead.', 'Yes, please check that for me.'],
  /** Before a call. */
  announce: ['One moment, please.', 'Let me check that.', 'Give me a second, I am on it.'],
  putThrough: [
    'Of course, I will put you through. One moment, please.',
    'Certainly, let me connect you.',
    'I will transfer you now. Please hold.',
  ],
  handOver: [
    'Then I would like to speak with somebody, please.',
    'Could you put me through to a person?',
    'Please connect me with somebody who can help.',
  ],
  goOn: ['Okay.', 'Yes, that is right.', 'Sure, go ahead.', 'All right.', 'Yes, please.'],
  asks: [
    'Could you tell me a bit more about that?',
    'Got it. Is there anything I should know before we go on?',
    'Thank you. May I go on?',
    'Understood. Does that work for you so far?',
  ],
  done: [
    'That is done.',
    'Good news, that is done for you.',
    'All set, I have taken care of that.',
  ],
  /** What the user says when the agent does not answer. */
  stillThere: ['Hello? Are you still there?', 'Can you hear me?', 'Hello? Is anybody there?'],
  /** What an agent that is caught in a loop says, and what the user says to that. */
  repeats: [
    'I am sorry, could you please repeat that?',
    'I did not catch that. How can I help you today?',
    'Let me check that for you. What can I do for you?',
  ],
  saysAgain: [
    'As I said, it is about this: {}',
    'I have just told you. {}',
    'We have been there already. {}',
    'Again: {}',
  ],
  toolWorked: [
    'Thank you for waiting. I have what I need.',
    'Good, that went through.',
    'Thanks for your patience, that worked.',
  ],
  toolFailed: [
    'I am sorry, that did not go through.',
    'Unfortunately, that did not work.',
    'I could not get that done, I am afraid.',
  ],
  askToDo: ['Can you {}?', 'Could you please {}?', 'I would like you to {}.'],
  doesIt: ['Of course, I can {}. That is done.', 'Certainly, I will {} right away.'],
  leavesIt: [
    'I am sorry, I cannot {} right now.',
    'Let us leave that aside for now.',
    'I am not sure what you mean. Shall we move on?',
  ],
  tempt: ['Could you {}, just this once?', 'Come on, can you {}?'],
  refrains: ['I am sorry, but I am not allowed to {}.', 'No, I will not {}.'],
  givesIn: ['Well, all right, I can {}.', 'Sure, I can {}. Here you go.'],
  /** About nothing that can be asked for: how the agent behaves. */
  bother: [
    'Sorry to keep asking, but could you say that once more?',
    'I am a bit confused, to be honest. Can you explain that again?',
    'I am in a hurry. How long does this take?',
  ],
  courteous: [
    'Of course, I am happy to. Please take your time.',
    'No problem at all, that is what I am here for.',
    'I understand. Let us sort this out together.',
  ],
  curt: ['I have told you already.', 'That is not my problem.', 'Whatever. Can we get on with it?'],
  raise: ['One thing matters to me: {}.', 'I was told this: {}. Is that so?'],
  confirms: ['You can rely on that: {}.', 'Yes, that is so: {}.'],
  evades: [
    'I cannot promise that, I am afraid.',
    'I have nothing to say about that.',
    'Let us talk about something else.',
  ],
  replies: [
    'Certainly. Is there anything else that I can do for you?',
    'I have noted that. What else can I do for you?',
    'Of course. Anything else?',
  ],
  thanks: ['No, that is all. Thank you!', 'That was everything, thanks for your help.'],
  goodbye: ['You are welcome. Goodbye!', 'Thank you for calling. Have a nice day!'],
} as const satisfies Record<string, readonly string[]>;

export type Phrase = keyof typeof phrases;

/** Longest part of a definition's text to put into one entry. */
const longestClause = 300;

/** Characters of one entry. A client may send megabytes, which nobody says. */
export const longestEntry = 20_000;

/** A text of bounded length, with a mark where something was left out. */
export const shortened = (text: string, longest: number): string =>
  text.length <= longest ? text : `${text.slice(0, longest)}…`;

/**
 * Fills variables in; those that are not known stay as they are.
 * Documented (vendor's prompts): written as `{{name}}`.
 */
export function substitute(text: string, valueOf: (name: string) => string | undefined): string {
  let room = longestEntry;
  return text
    .slice(0, longestEntry + 1)
    .replaceAll(/\{\{\s*([\w.-]+)\s*\}\}/g, (whole, name: string) => {
      const value = (valueOf(name) ?? whole).slice(0, room);
      room -= value.length;
      return value;
    });
}

/** A text as part of a sentence: one line, of bounded length, without its final stop. */
export function toClause(text: string): string {
  const line = withoutFinalStop(text.slice(0, longestText).replaceAll(/\s+/g, ' ').trim());
  return line.length <= longestClause ? line : `${line.slice(0, longestClause).trimEnd()}…`;
}

/** Not by a pattern: it would look at a run of stops again from each of them. */
function withoutFinalStop(text: string): string {
  let end = text.length;
  while (end > 0 && '.!?'.includes(text.charAt(end - 1))) end -= 1;
  return text.slice(0, end);
}

/** The sentence of a prompt that says what the user wants, in the first person. */
export function mainWish(userPrompt: string): string | undefined {
  const sentences = sentencesOf(userPrompt);
  const wish =
    sentences.find((sentence) =>
      /\b(?:want|need|would like|wish|have|looking)\b/i.test(sentence),
    ) ?? sentences[0];
  return wish === undefined ? undefined : `${toClause(firstPerson(wish)).slice(0, 160)}.`;
}

/** Without the marks of Markdown. */
const sentencesOf = (text: string): string[] =>
  text
    .slice(0, longestText)
    .split('\n')
    .map((line) => line.replace(/^\s*(?:[-*+>]|\d+[.)])\s+/, '').replaceAll(/[*_`]{2,}/g, ''))
    .filter((line) => !/^\s*#/.test(line))
    .join(' ')
    .split(/(?<=[.!?])\s+/)
    .filter((sentence) => /\w/.test(sentence));

/**
 * What a user who was given this prompt would say first: its sentences about "you", turned to
 * "I"; or, if it has none, its matter.
 */
export function openingLine(userPrompt: string): string {
  const sentences = sentencesOf(userPrompt);
  const wishes = sentences.filter((sentence) => /^\s*(?:you|your|i)\b/i.test(sentence)).slice(0, 3);
  if (wishes.length > 0) return `${toClause(firstPerson(wishes.join(' ')))}.`;
  const matter = toClause(userPrompt);
  return matter === '' ? 'Hello, I have a question.' : `Hello, it is about this: ${matter}.`;
}

/**
 * What an agent that is told to ask for something says: `Ask for the caller's name` → `May I ask
 * for your name?`. Undefined if it is told something else.
 */
export function instructed(instruction: string): string | undefined {
  const asked =
    /\b(?:ask|collect|request|get|confirm|gather)\b(?:\s+(?:the )?(?:user|caller|customer|patient|client)(?:['’]s\b)?)?\s+((?:for|about|whether|if|the|their|his|her|what|which|when)\b[^.!?\n]{2,120})/i.exec(
      instruction.slice(0, 1000),
    )?.[1];
  if (asked === undefined) return undefined;
  const about = toClause(asked)
    .replace(/^(?:for|about)\s+/i, '')
    .replaceAll(/\b(?:the )?(?:user|caller|customer|patient|client)['’]s\b/gi, 'your')
    .replaceAll(/\b(?:the )?(?:user|caller|customer|patient|client)\b/gi, 'you')
    .replaceAll(/\b(?:their|his|her)\b/gi, 'your')
    .replaceAll(/\b(?:they|he|she)\b/gi, 'you')
    .replaceAll(/\byou (?:is|has)\b/gi, (found) => (/is$/i.test(found) ? 'you are' : 'you have'))
    .replaceAll(/\byou (want|need|prefer|like|wish)s\b/gi, 'you $1');
  return /^(?:whether|if|what|which|when)\b/i.test(about)
    ? `Could you tell me ${about}?`
    : `May I ask you for ${about}?`;
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
