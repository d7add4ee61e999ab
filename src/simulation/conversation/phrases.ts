/** What is said, in templates of our own. `{}` is where the matter goes. */
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
  raise: ['One thing matters to me: {}.', 'I was told this: {}. Is that so?'],
  confirms: ['You can rely on that: {}.', 'Yes, that is so: {}.'],
  evades: [
    'I cannot promise that, I am afraid.',
    'I have nothing to say about that.',
    'Let us talk about something else.',
  ],
  thanks: ['No, that is all. Thank you!', 'That was everything, thanks for your help.'],
  goodbye: ['You are welcome. Goodbye!', 'Thank you for calling. Have a nice day!'],
} as const satisfies Record<string, readonly string[]>;

export type Phrase = keyof typeof phrases;

/** Longest part of a definition's text to put into one line. */
const longestMatter = 300;

/** How much of a definition's text is looked at: it may be megabytes. */
const longestText = 5000;

/** Fills the definition's variables in. Documented (vendor's prompts): written as `{{name}}`. */
export const substitute = (text: string, variables: Readonly<Record<string, string>>): string =>
  text.replaceAll(/\{\{\s*([\w.-]+)\s*\}\}/g, (whole, name: string) =>
    Object.hasOwn(variables, name) ? (variables[name] ?? whole) : whole,
  );

/** A text as part of a sentence: one line, of bounded length, without its final stop. */
export function asMatter(text: string): string {
  const line = text
    .slice(0, longestText)
    .replaceAll(/\s+/g, ' ')
    .trim()
    .replace(/[.!?]+$/, '');
  return line.length <= longestMatter ? line : `${line.slice(0, longestMatter).trimEnd()}…`;
}

/**
 * What a user who was given this prompt would say first: its sentences about "you", turned to
 * "I"; or, if it has none, its matter.
 */
export function openingWish(userPrompt: string): string {
  const sentences = userPrompt
    .slice(0, longestText)
    .split('\n')
    .map((line) => line.replace(/^\s*(?:[-*+>]|\d+[.)])\s+/, '').replaceAll(/[*_`]{2,}/g, ''))
    .filter((line) => !/^\s*#/.test(line))
    .join(' ')
    .split(/(?<=[.!?])\s+/);
  const wishes = sentences.filter((sentence) => /^\s*(?:you|your|i)\b/i.test(sentence)).slice(0, 3);
  if (wishes.length > 0) return `${asMatter(firstPerson(wishes.join(' ')))}.`;
  const matter = asMatter(userPrompt);
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
