import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createJournal, type Journal } from '../../src/workspace/journal.js';

const arrival = { time: 0, method: 'GET', url: '/', headers: {}, operation: undefined };
const add = (journal: Journal, workspace: string, size = 1) =>
  journal.add(workspace, arrival, size).id;
const ids = (journal: Journal, workspace: string) => journal.list(workspace).map(({ id }) => id);

describe('the journal', () => {
  it('keeps the last of each workspace', () => {
    const journal = createJournal({ entries: 2, bytes: 1000 });
    for (const workspace of ['a', 'a', 'b', 'a']) add(journal, workspace);
    expect([ids(journal, 'a'), ids(journal, 'b'), ids(journal, 'c')]).toEqual([[2, 4], [3], []]);
  });

  it('keeps them in their order, however many there were', () => {
    const journal = createJournal({ entries: 3, bytes: 1000 });
    for (let id = 1; id <= 10; id += 1) {
      const record = journal.add('a', arrival, 1);
      record.duration = 1;
      expect(ids(journal, 'a')).toEqual([id - 2, id - 1, id].filter((kept) => kept > 0));
    }
  });

  it('leaves a record to its request as long as that is under way', () => {
    const journal = createJournal({ entries: 1, bytes: 1000 });
    const slow = journal.add('a', { ...arrival, url: '/slow' }, 1);
    const next = journal.add('a', arrival, 1);
    slow.body = 'of the slow one';
    slow.duration = 9;
    expect(journal.list('a')).toEqual([next]);
    expect(next).toMatchObject({ id: 2, url: '/', body: undefined, duration: undefined });
  });

  it('keeps nothing of a request in the record of another', () => {
    const journal = createJournal({ entries: 1, bytes: 1000 });
    const first = journal.add('a', { ...arrival, operation: 'getAgent' }, 1);
    const checked = { valid: false, bodyIsChecked: true };
    const said = { query: { a: '1' }, body: {}, error: 'no', status: 400, ...checked };
    const fault = { source: 'credit' } as const;
    const findWarnings = () => ['odd'];
    Object.assign(first, { ...said, fault, findWarnings, forwarded: true, duration: 1 });
    journal.add('a', arrival, 1);
    const { findWarnings: find, ...kept } = journal.list('a')[0] ?? first;
    const fresh = createJournal({ entries: 1, bytes: 1000 }).add('a', arrival, 1);
    const { findWarnings: findOfFresh, ...expected } = fresh;
    expect(kept).toEqual({ ...expected, id: 2 });
    expect([find(), findOfFresh()]).toEqual([[], []]);
  });

  it('tells the path and headers of each request, like those before it or not', () => {
    const headers = fc.dictionary(fc.constantFrom('a', 'b', 'c'), fc.constantFrom('1', '2'));
    const url = fc.constantFrom('/', '/x');
    fc.assert(
      fc.property(fc.array(fc.record({ url, headers })), (requests) => {
        const journal = createJournal({ entries: 1, bytes: 1000 });
        for (const request of requests) {
          journal.add('a', { ...arrival, ...request }, 1).duration = 1;
          expect(journal.list('a')).toMatchObject([{ url: request.url }]);
          expect(journal.list('a')[0]?.headers).toEqual(request.headers);
        }
      }),
    );
  });

  it('gives up the oldest of the workspace that takes most when there are too many bytes', () => {
    const journal = createJournal({ entries: 100, bytes: 10 });
    add(journal, 'quiet', 2);
    for (let index = 0; index < 50; index += 1) add(journal, 'noisy', 3);
    expect(ids(journal, 'quiet')).toEqual([1]);
    expect(ids(journal, 'noisy')).toEqual([50, 51]);
    add(journal, 'huge', 11);
    expect(ids(journal, 'huge')).toEqual([]);
    expect(ids(journal, 'quiet')).toEqual([1]);
  });

  it('keeps within its bounds, in order, whatever comes', () => {
    const request = fc.record({ workspace: fc.constantFrom('a', 'b', 'c'), size: fc.nat(6) });
    const requests = fc.array(fc.record({ request, isOver: fc.boolean() }), {
      ...{ maxLength: 60, size: 'max' },
    });
    fc.assert(
      fc.property(requests, (all) => {
        const journal = createJournal({ entries: 4, bytes: 15 });
        const sizes = new Map<number, number>();
        for (const [index, { request, isOver }] of all.entries()) {
          const { workspace, size } = request;
          const record = journal.add(workspace, { ...arrival, url: workspace }, size);
          if (isOver) record.duration = 1;
          sizes.set(record.id, size);
          expect(record.id).toBe(index + 1);
          const kept = ['a', 'b', 'c'].flatMap((name) => journal.list(name));
          expect(kept.every(({ id, size }) => sizes.get(id) === size)).toBe(true);
          expect(kept.reduce((sum, { size }) => sum + size, 0)).toBeLessThanOrEqual(15);
          for (const name of ['a', 'b', 'c']) {
            const listed = journal.list(name);
            expect(listed.length).toBeLessThanOrEqual(4);
            expect(listed.every(({ url }) => url === name)).toBe(true);
            expect(listed.map(({ id }) => id)).toEqual(
              listed.map(({ id }) => id).sort((x, y) => x - y),
            );
          }
        }
      }),
    );
  });

  it('has room again for what was cleared', () => {
    const journal = createJournal({ entries: 100, bytes: 10 });
    add(journal, 'a', 10);
    journal.clear('a');
    journal.clear('b');
    add(journal, 'b', 5);
    add(journal, 'a', 5);
    expect([ids(journal, 'a'), ids(journal, 'b')]).toEqual([[3], [2]]);
  });

  it('tells those who listen to a workspace, until they listen no more', () => {
    const journal = createJournal({ entries: 1, bytes: 10 });
    let heard = 0;
    const stop = journal.subscribe('a', () => (heard += 1));
    journal.announce('a');
    journal.announce('b');
    stop();
    journal.announce('a');
    expect(heard).toBe(1);
  });
});
