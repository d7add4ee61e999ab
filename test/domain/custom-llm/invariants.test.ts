import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Play, says } from '../../support/llm-play.js';

type Move =
  | { kind: 'respond' | 'interrupt'; offset: number; words: number; complete: boolean }
  | { kind: 'pass' | 'wait'; duration: number }
  | { kind: 'drop' | 'open' | 'say' };

const spoken = (kind: 'respond' | 'interrupt') =>
  fc.record({
    kind: fc.constant(kind),
    // How far the id is from the newest.
    offset: fc.constantFrom(0, 0, 0, 0, -1, -2, 1),
    words: fc.integer({ min: 0, max: 6 }),
    complete: fc.boolean(),
  });

const move: fc.Arbitrary<Move> = fc.oneof(
  { weight: 5, arbitrary: spoken('respond') },
  { weight: 1, arbitrary: spoken('interrupt') },
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constantFrom('pass' as const, 'wait' as const),
      duration: fc.constantFrom(100, 700, 2000, 11_000),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constantFrom('drop' as const, 'open' as const, 'say' as const),
    }),
  },
);

const turn = fc.record({
  content: fc.constantFrom('yes', 'well I think so', 'no'),
  interruptsAfter: fc.option(fc.integer({ min: 0, max: 30 }), { nil: undefined }),
});

/** Plays the moves, and says for each word of the server whether it could be taken when it came. */
function play(turns: { content: string; interruptsAfter: number | undefined }[], moves: Move[]) {
  const faults = (['supersede', 'double', 'drop'] as const).map((kind, index) => ({
    ...{ kind, turn: index + 1, times: 1, delay: 0 },
  }));
  const session = new Play({
    turns: turns.map(({ content, interruptsAfter }) => says(content, interruptsAfter)),
    faults,
  });
  const takable = new Set<string>();
  let count = 0;
  session.open();
  const speak = (
    kind: 'respond' | 'interrupt',
    { offset, words, complete }: Extract<Move, { offset: number }>,
  ) => {
    const { newest, newestInterrupt, isOpen, isInterruptOpen } = session.session;
    const isResponse = kind === 'respond';
    const id = (isResponse ? newest : Math.max(0, newestInterrupt)) + offset;
    const names = Array.from(
      { length: words },
      () => `${kind}-${String(id)}-${String((count += 1))}`,
    );
    const isTakable = isResponse
      ? id === newest && isOpen
      : id > newestInterrupt || (id === newestInterrupt && isInterruptOpen);
    if (isTakable) for (const name of names) takable.add(name);
    session[kind](id, `${names.join(' ')} `, { content_complete: complete });
  };
  for (const next of moves) {
    switch (next.kind) {
      case 'respond':
      case 'interrupt':
        speak(next.kind, next);
        break;
      case 'pass':
      case 'wait':
        session[next.kind](next.duration);
        break;
      case 'say':
        session.event({ kind: 'says', content: 'hello there' });
        break;
      case 'drop':
        if (session.session.link.state.kind === 'open')
          session.event({ kind: 'closed', code: 1006 });
        break;
      case 'open':
        if (session.session.link.state.kind === 'connecting') session.open();
    }
  }
  return { session, takable };
}

const agentWords = (session: Play): string[] =>
  session.session.entries.flatMap(({ entry }) =>
    entry.role === 'agent' ? entry.content.split(/\s+/) : [],
  );

const property = (check: (played: ReturnType<typeof play>) => void) => {
  fc.assert(
    fc.property(
      fc.array(turn, { maxLength: 6 }),
      fc.array(move, { maxLength: 60 }),
      (turns, moves) => {
        check(play(turns, moves));
      },
    ),
    { numRuns: 300 },
  );
};

test('nothing is said that came for another id than the newest one, or after its content was complete', () => {
  property(({ session, takable }) => {
    expect(agentWords(session).filter((word) => !takable.has(word))).toEqual([]);
  });
});

test('no word is said twice, and those of one id are said in the order in which they came', () => {
  property(({ session }) => {
    const words = agentWords(session);
    expect(new Set(words).size).toBe(words.length);
    const last = new Map<string, number>();
    for (const word of words) {
      const [, key = '', number = ''] = /^(\w+-\d+)-(\d+)$/.exec(word) ?? [];
      expect(Number(number)).toBeGreaterThan(last.get(key) ?? 0);
      last.set(key, Number(number));
    }
  });
});

test('ids of requests rise, but for one that is sent twice on purpose', () => {
  property(({ session }) => {
    const ids = session.requests.map((id) => id ?? 0);
    expect(ids).toEqual([...ids].sort((a, b) => a - b));
    const repeated = ids.length - new Set(ids).size;
    expect(repeated).toBeLessThanOrEqual(1);
  });
});

test('only one of the two speaks at a time', () => {
  property(({ session }) => {
    const speeches = session.session.entries.filter(({ until }) => until !== undefined);
    for (const [index, { at, until = 0 }] of speeches.entries()) {
      expect(until).toBeGreaterThanOrEqual(at);
      expect(at).toBeGreaterThanOrEqual(speeches[index - 1]?.until ?? 0);
    }
  });
});

test('a session that is over does nothing more', () => {
  property(({ session }) => {
    session.event({ kind: 'closed', code: 1000 }).pass(700_000);
    expect(session.end).toBeDefined();
    const { length } = session.effects;
    session.respond(session.session.newest, 'More').pass(700_000).wait(60_000);
    session.event({ kind: 'says', content: 'Hello?' });
    expect(session.effects).toHaveLength(length);
  });
});

test('an interruption cuts at the same word, however the content is split', () => {
  fc.assert(
    fc.property(
      fc.array(fc.stringMatching(/^[a-z]{1,8}$/), { minLength: 1, maxLength: 12 }),
      fc.integer({ min: 0, max: 60 }),
      fc.array(fc.integer({ min: 1, max: 10 }), { maxLength: 10 }),
      (words, count, sizes) => {
        const content = words.join(' ');
        const session = new Play({ turns: [says('Wait', count)] }).open();
        let from = 0;
        for (const size of sizes) {
          session.respond(0, content.slice(from, from + size), { content_complete: false }).pass(1);
          from += size;
        }
        session.respond(0, content.slice(from)).pass(60_000);
        const [agent, user] = session.said;
        const said = session.said.length === 1 ? '' : (agent ?? '').slice('agent: '.length);
        expect(content.startsWith(said)).toBe(true);
        // The next word would have been too much.
        const next = content.slice(said.length).trim().split(' ')[0] ?? '';
        if (content.length > count) {
          expect(said.length).toBeLessThanOrEqual(count);
          const separator = said === '' ? 0 : 1;
          expect(said.length + separator + next.length).toBeGreaterThan(count);
        } else expect(said).toBe(content);
        expect(session.said.length === 1 ? agent : user).toBe('user: Wait');
        expect(session.requests).toEqual([1]);
      },
    ),
    { numRuns: 300 },
  );
});
