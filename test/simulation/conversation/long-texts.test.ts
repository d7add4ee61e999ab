import { describe, expect, it } from 'vitest';
import { toolNamed } from '../../../src/domain/engines/engine-tool.js';
import { keyedChance } from '../../../src/random.js';
import { findFacts, isoDateOf, kindOf } from '../../../src/simulation/conversation/facts.js';
import { parseMetric } from '../../../src/simulation/conversation/metric.js';
import { questionOf } from '../../../src/simulation/conversation/instruction.js';
import { substitute, toClause } from '../../../src/simulation/conversation/text.js';
import { mainIntent, openingLine } from '../../../src/simulation/conversation/user-prompt.js';
import { requestedTools } from '../../../src/simulation/conversation/requested-tools.js';
import { toolDemands } from '../../../src/simulation/conversation/tool-demands.js';
import { indexTools } from '../../../src/simulation/conversation/tool-index.js';

// None of these asserts a time: what grows faster than its input does not end within a test's time.

const many = <Item>(count: number, item: (index: number) => Item): Item[] =>
  Array.from({ length: count }, (_, index) => item(index));

const megabyte = 1_000_000;
const repeated = (part: string): string => part.repeat(Math.ceil(megabyte / part.length));

const texts = {
  'stops and a letter': `${'.'.repeat(megabyte)}a`,
  'stops and spaces': repeated('. '),
  spaces: ' '.repeat(megabyte),
  lines: '\n'.repeat(megabyte),
  'spaces after a word that a value follows': `order${' '.repeat(megabyte)}x`,
  'words that a value follows': repeated('order  is  '),
  'names without a name': repeated('You are '),
  digits: '1'.repeat(megabyte),
  'groups of digits': repeated('12 '),
  'parts of an address': repeated('a@b.'),
  'parts of a street': repeated('1 Aaa '),
  'openings of variables': repeated('{{ '),
  'an opening and letters': `{{${'a'.repeat(megabyte)}`,
  'an identifier': repeated('a_'),
  'an identifier in camel case': repeated('aB'),
  'one word': 'a'.repeat(megabyte),
  denials: repeated('not '),
  'a request without an end': `ask for${repeated(' the caller')}`,
  'calls of tools': repeated('calls book_table and '),
  transfers: repeated('transfer'),
  headings: repeated('#\n'),
  'marks of Markdown': '*'.repeat(megabyte),
};

const draw = keyedChance('test');
const index = indexTools([toolNamed('book_table'), toolNamed('transfer_call')]);
const kinds = [
  ...['email', 'phone', 'name', 'date', 'time', 'amount', 'count', 'id', 'zip', 'address', 'city'],
  ...['firstName', 'lastName', 'birthDate', 'dateTime', 'summary'],
] as const;

describe.each(Object.entries(texts))('a text of a megabyte, %s,', (_, text) => {
  it("is read fast by all functions that read clients' texts, with small results", () => {
    const facts = findFacts(text, { [text]: text, v: text }, draw);
    const given: string[] = [
      toClause(text),
      ...[parseMetric(text)].flatMap(({ asked, answered }) => [asked, answered]),
      openingLine(text),
      mainIntent(text) ?? '',
      questionOf(text) ?? '',
      substitute(text, () => text),
      isoDateOf(text) ?? '',
      kindOf(text) ?? '',
      ...kinds.map((kind) => facts.value(kind)),
      facts.variable(text) ?? '',
      ...[toolDemands(text, index)].flatMap(({ asked }) => asked.map(({ name }) => name)),
      ...requestedTools(text, index).map(({ name }) => name),
      typeof facts.mentioned([text, ...many(50, () => text)]),
    ];
    for (const one of given) expect(one.length).toBeLessThan(50_000);
  });
});
