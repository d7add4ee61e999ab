import type { Draw } from '../../random.js';
import { mainIntent } from './user-prompt.js';
import { maxTextLength } from './words.js';

/** The kind of a value. The name of a property or variable tells it. */
export type FactKind =
  keyof typeof patterns | 'firstName' | 'lastName' | 'birthDate' | 'dateTime' | 'summary';

/** What the prompt and the variables say, for the arguments of tool calls. */
export interface Facts {
  /** The value of a dynamic variable; upper case and separators of its name are ignored. */
  variable(name: string): string | undefined;
  /** The value in the prompt, or else an invented one. */
  value(kind: FactKind): string;
  /** The value in the prompt; undefined if it has none. */
  said(kind: FactKind): string | undefined;
  /** The first of these choices that the prompt names. */
  mentioned(choices: readonly unknown[]): unknown;
}

const month =
  'jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sep(?:t(?:ember)?)?|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?';
const weekday = '(?:mon|tues|wednes|thurs|fri|satur|sun)day';

/** A plus and digits, or groups of digits that are not a date. */
const phoneNumber =
  /(?<![\w.-])(?!\d{4}-\d{2}-\d{2})(?:\+\d{7,15}|\+?\d{0,3}[ .-]?\(?\d{2,4}\)?(?:[ .-]\d{2,4}){2,4})(?![\w-])/;

/** Observed: the simulated user says a placeholder instead of phone numbers. */
const phonePlaceholder = '[phone number]';

/** A text with the placeholder instead of phone numbers. */
export const withoutPhoneNumbers = (text: string): string =>
  text.slice(0, maxTextLength).replaceAll(new RegExp(phoneNumber, 'g'), phonePlaceholder);

/** Patterns of values in the prompt. The value is the first group, or else the whole match. */
const patterns = {
  email: /[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,4}/,
  phone: phoneNumber,
  name: /\b(?:[Yy]ou are|[Yy]our (?:full )?name is|[Mm]y name is|[Nn]ame:|named|I am|[Tt]his is)\s+((?:(?:Mr|Mrs|Ms|Dr)\.?\s+)?\p{Lu}[\p{L}'’-]{1,30}(?:\s\p{Lu}[\p{L}'’-]{1,30}){0,2})/u,
  date: new RegExp(
    `\\b\\d{4}-\\d{2}-\\d{2}\\b|\\b(?:${month})\\.? \\d{1,2}(?:st|nd|rd|th)?(?:,? \\d{4})?\\b|\\b\\d{1,2}/\\d{1,2}/\\d{2,4}\\b|\\b(?:next |this )?${weekday}\\b|\\b(?:today|tomorrow)\\b`,
    'i',
  ),
  time: /\b\d{1,2}:\d{2}(?:\s?[ap]\.?m\b\.?)?|\b\d{1,2}\s?[ap]\.?m\b\.?|\bnoon\b/i,
  amount:
    /[$€£]\s?(\d[\d,]{0,12}(?:\.\d{1,2})?)|\b(\d[\d,]{0,12}(?:\.\d{1,2})?)\s?(?:dollars|euros|pounds|usd|eur)\b/i,
  count:
    /\b(?:for|of)\s+(\d{1,3}|two|three|four|five|six|seven|eight|nine|ten)\b|\b(\d{1,3}|two|three|four|five|six|seven|eight|nine|ten)\s+(?:people|persons|guests|adults|tickets|nights|items|seats)\b/i,
  id: /(?:\b(?:order|account|booking|reservation|policy|invoice|ticket|case|member|customer|tracking|confirmation|reference|patient)(?:\s{1,3}(?:id|number|no\.?|code))?\s{0,3}(?:is|:|#)?\s{0,3})#?([A-Z]{0,5}-?\d[\w-]{2,20})|#(\d{3,20})|\b([A-Z]{2,6}-\d{2,12})\b/i,
  zip: /\b(?:zip|postal|postcode)\D{0,15}(\d{5})\b/i,
  address:
    /\b\d{1,5} (?:\p{Lu}[\p{L}.]{1,20} ){1,3}(?:Street|St|Avenue|Ave|Road|Rd|Lane|Ln|Drive|Dr|Boulevard|Blvd|Way|Court|Ct)\b\.?/u,
  city: /\b(?:in|from|to) (\p{Lu}\p{L}{2,20}(?: \p{Lu}\p{L}{2,20})?)\b(?! (?:Street|Avenue|Road))/u,
} as const;

/** Invented values for kinds that the prompt has no value of. */
const inventions: Readonly<
  Record<Exclude<FactKind, 'summary' | 'firstName' | 'lastName'>, readonly string[]>
> = {
  email: ['maria.lopez@example.com', 'j.carter@example.com', 'sam.lee@example.com'],
  phone: [phonePlaceholder],
  name: ['Maria Lopez', 'James Carter', 'Sam Lee', 'Anna Novak'],
  birthDate: ['1984-05-17', '1990-11-02', '1972-08-23'],
  date: ['2027-03-04', '2027-04-12', '2027-05-20', '2027-06-09'],
  time: ['10:00', '11:30', '14:00', '15:30'],
  dateTime: ['2027-03-04T10:00:00Z', '2027-04-12T14:00:00Z', '2027-05-20T15:30:00Z'],
  amount: ['49.99', '120', '75.5'],
  count: ['2', '3', '4'],
  id: ['10482', '20317', '30995'],
  zip: ['94105', '10001', '60614'],
  address: ['12 Oak Street', '480 Pine Avenue'],
  city: ['Springfield', 'Riverside'],
};

/** The most dynamic variables of a conversation. */
export const maxVariables = 1000;

/** The most characters of a name or a choice to search a text for. */
const maxChoiceLength = 200;

/**
 * @param text the user prompt, or the messages of the user.
 * @param draw for invented values, which are the same within one conversation.
 */
export function findFacts(
  text: string,
  variables: Readonly<Record<string, unknown>>,
  draw: Draw,
): Facts {
  const searched = text.slice(0, maxTextLength);
  const lower = plainWords(searched);
  const byName = new Map<string, string>();
  for (const [name, value] of Object.entries(variables)) {
    const isUsable = typeof value === 'string' && value !== '' && value.length <= maxTextLength;
    if (isUsable) byName.set(plainName(name), value);
  }
  const found = new Map<FactKind, string | undefined>();
  const said = (kind: FactKind): string | undefined => {
    if (!found.has(kind)) found.set(kind, find(kind, searched, said));
    return found.get(kind);
  };
  return {
    said,
    mentioned: (choices) =>
      choices
        .slice(0, 100)
        .find(
          (choice) =>
            typeof choice === 'string' &&
            choice.length <= maxChoiceLength &&
            lower.includes(plainWords(choice)),
        ),
    variable: (name) => byName.get(plainName(name)),
    value(kind) {
      const known = said(kind);
      if (known !== undefined) return known;
      if (kind === 'summary') return 'The caller asks for help.';
      if (kind === 'firstName') return nameParts(this.value('name'))[0];
      if (kind === 'lastName') return nameParts(this.value('name'))[1];
      const choices = inventions[kind];
      return choices[Math.floor(draw('fact', kind) * choices.length)] ?? '';
    },
  };
}

/** Words in lower case with a space at both ends, so that a search finds whole words only. */
const plainWords = (text: string): string =>
  ` ${text
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N}]+/gu, ' ')
    .trim()} `;

const plainName = (name: string): string =>
  name
    .slice(0, maxChoiceLength)
    .toLowerCase()
    .replaceAll(/[^a-z\d]/g, '');

function nameParts(name: string): readonly [string, string] {
  const parts = name.split(' ');
  return [parts[0] ?? name, parts.at(-1) ?? name];
}

function find(
  kind: FactKind,
  text: string,
  said: (kind: FactKind) => string | undefined,
): string | undefined {
  switch (kind) {
    case 'summary':
      return mainIntent(text);
    case 'firstName':
    case 'lastName': {
      const name = said('name');
      return name === undefined ? undefined : nameParts(name)[kind === 'firstName' ? 0 : 1];
    }
    case 'dateTime': {
      const date = said('date');
      const time = said('time');
      return date === undefined ? undefined : `${date}${time === undefined ? '' : ` ${time}`}`;
    }
    case 'date':
    case 'birthDate':
      return findDate(text, kind === 'birthDate');
    case 'phone':
      return phoneNumber.test(text) ? phonePlaceholder : undefined;
    default: {
      const match = patterns[kind].exec(text);
      const groups: readonly (string | undefined)[] = match?.slice(1) ?? [];
      return groups.find((group) => group !== undefined) ?? match?.[0];
    }
  }
}

/** How many dates of a text are read. */
const maxDates = 10;

function findDate(text: string, ofBirth: boolean): string | undefined {
  let looked = 0;
  for (const match of text.matchAll(new RegExp(patterns.date, 'gi'))) {
    const before = text.slice(Math.max(0, match.index - 30), match.index);
    if (/\b(?:born|birth\w*|dob)\b/i.test(before) === ofBirth) return match[0];
    looked += 1;
    if (looked === maxDates) break;
  }
  return undefined;
}

const months = 'jan feb mar apr may jun jul aug sep oct nov dec'.split(' ');

/** `March 3rd, 2027` → `2027-03-03`; undefined for a text that is not a complete date. */
export function isoDateOf(text: string): string | undefined {
  const iso = /^\d{4}-\d{2}-\d{2}/.exec(text)?.[0];
  if (iso !== undefined) return isoDate(iso.slice(0, 4), Number(iso.slice(5, 7)), iso.slice(8));
  const named = /^([a-z]{3})[a-z]*\.? (\d{1,2})(?:st|nd|rd|th)?,? (\d{4})/i.exec(text);
  if (named !== null) {
    const [, month = '', day = '', year = ''] = named;
    return isoDate(year, months.indexOf(month.toLowerCase()) + 1, day);
  }
  const [, month = '', day = '', year = ''] = /^(\d{1,2})\/(\d{1,2})\/(\d{4})/.exec(text) ?? [];
  return year === '' ? undefined : isoDate(year, Number(month), day);
}

function isoDate(year: string, month: number, day: string): string | undefined {
  const isThere = month >= 1 && month <= 12 && Number(day) >= 1 && Number(day) <= 28;
  return isThere ? `${year}-${String(month).padStart(2, '0')}-${day.padStart(2, '0')}` : undefined;
}

/** Patterns of names, in the order in which they are tried. */
const kinds: readonly (readonly [RegExp, FactKind])[] = [
  [/e_?mail/, 'email'],
  [/phone|mobile|callback|caller_?number|(?:from|to|contact)_?number/, 'phone'],
  [/first_?name|given_?name/, 'firstName'],
  [/last_?name|surname|family_?name/, 'lastName'],
  [
    /date_?time|timestamp|start_?time|end_?time|slot|when$|starts?_?at|appointment_?time/,
    'dateTime',
  ],
  [/(?:^|_)dob|birth/, 'birthDate'],
  [/(?:^|_)(?:day|date)|date$/, 'date'],
  [/time$|hour/, 'time'],
  [/zip|postal/, 'zip'],
  [/(?:^|_)id$|(?:^|_)(?:number|no|code|reference|ref)$/, 'id'],
  [/address|street/, 'address'],
  [/city|town|location/, 'city'],
  [/amount|price|cost|total|balance|budget|fee/, 'amount'],
  [/(?:^|_)count|quantity|guests|people|party|size|seats|nights|adults|how_?many/, 'count'],
  [
    /(?:customer|caller|patient|user|client|guest|full|contact|attendee|person)_?name|^name$/,
    'name',
  ],
  [
    /reason|note|summary|message|description|details|query|question|topic|issue|comment|request|subject|content|text/,
    'summary',
  ],
];

/** The kind of value of a property with that name; undefined if the name does not tell. */
export function kindOf(name: string): FactKind | undefined {
  const snake = name
    .slice(0, 100)
    .replaceAll(/(?<=[a-z\d])(?=[A-Z])/g, '_')
    .toLowerCase();
  return kinds.find(([pattern]) => pattern.test(snake))?.[1];
}
