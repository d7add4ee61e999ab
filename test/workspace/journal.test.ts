import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createJournal, type Journal } from '../../src/workspace/journal/journal.js';
import type { JournalRecord } from '../../src/workspace/journal/record.js';

const arrival = {
  ...{ time: 0, method: 'GET', url: '/', headers: {} },
  ...{ operation: undefined, requestId: 'r' },
};
/** What a record takes of which nothing is known but that it came. */
const least = createJournal({ entries: 1, bytes: 1e6 }).add('a', arrival).size;
/** Answers a request with so many characters. */
const add = (journal: Journal, workspace: string, length = 0): number => {
  const record = journal.add(workspace, arrival);
  journal.keepResponse(record, 'x'.repeat(length));
  record.duration = 1;
  const { id } = record;
  journal.end(workspace, record);
  return id;
};
const ids = (journal: Journal, workspace: string) => journal.list(workspace).map(({ id }) => id);

describe('the journal', () => {
  it('keeps the last of each workspace', () => {
    const journal = createJournal({ entries: 2, bytes: 1e6 });
    for (const workspace of ['a', 'a', 'b', 'a']) add(journal, workspace);
    expect([ids(journal, 'a'), ids(journal, 'b'), ids(journal, 'c')]).toEqual([[2, 4], [3], []]);
  });

  it('keeps records in their order, for any number of records', () => {
    const journal = createJournal({ entries: 3, bytes: 1e6 });
    for (let id = 1; id <= 10; id += 1) {
      const record = journal.add('a', arrival);
      record.duration = 1;
      expect(ids(journal, 'a')).toEqual([id - 2, id - 1, id].filter((kept) => kept > 0));
    }
  });

  it('reuses no record while its request is open', () => {
    const journal = createJournal({ entries: 1, bytes: 1e6 });
    const slow = journal.add('a', { ...arrival, url: '/slow' });
    const next = journal.add('a', arrival);
    slow.body = 'of the slow one';
    slow.duration = 9;
    expect(journal.list('a')).toEqual([next]);
    expect(next).toMatchObject({ id: 2, url: '/', body: undefined, duration: undefined });
  });

  it('keeps no data of a request in the record of another', () => {
    const journal = createJournal({ entries: 1, bytes: 1e6 });
    const first = journal.add('a', { ...arrival, operation: 'getAgent' });
    const checked = { valid: false, bodyIsChecked: true };
    const said = { body: '{}', responseBody: '{}', error: 'no', status: 400, ...checked };
    const fault = { source: 'credit' } as const;
    const findWarnings = () => ['odd'];
    const warnings = { findWarnings, warningsSize: 7 };
    Object.assign(first, { ...said, ...warnings, fault, forwarded: true, duration: 1 });
    journal.add('a', arrival);
    const { findWarnings: find, ...kept } = journal.list('a')[0] ?? first;
    const fresh = createJournal({ entries: 1, bytes: 1e6 }).add('a', arrival);
    const { findWarnings: findOfFresh, ...expected } = fresh;
    expect(kept).toEqual({ ...expected, id: 2 });
    expect([find(), findOfFresh()]).toEqual([[], []]);
  });

  it('returns the path and headers of each request', () => {
    const headers = fc.dictionary(fc.constantFrom('a', 'b', 'c'), fc.constantFrom('1', '2'));
    const url = fc.constantFrom('/', '/x');
    fc.assert(
      fc.property(fc.array(fc.record({ url, headers })), (requests) => {
        const journal = createJournal({ entries: 1, bytes: 1e6 });
        for (const request of requests) {
          journal.add('a', { ...arrival, ...request }).duration = 1;
          expect(journal.list('a')).toMatchObject([{ url: request.url }]);
          expect(journal.list('a')[0]?.headers).toEqual(request.headers);
        }
      }),
    );
  });

  it('drops the oldest records of the largest workspace when there are too many bytes', () => {
    const journal = createJournal({ entries: 100, bytes: 5 * least + 10_000 });
    add(journal, 'quiet', 2000);
    for (let index = 0; index < 50; index += 1) add(journal, 'noisy', 4000);
    expect(ids(journal, 'quiet')).toEqual([1]);
    expect(ids(journal, 'noisy')).toEqual([50, 51]);
    add(journal, 'huge', 5 * least + 10_001);
    expect(ids(journal, 'huge')).toEqual([]);
    expect(ids(journal, 'quiet')).toEqual([1]);
  });

  it('counts two bytes for each character of a text that is not Latin-1', () => {
    const sizeWith = (keep: (journal: Journal, record: JournalRecord) => void) => {
      const journal = createJournal({ entries: 1, bytes: 1e6 });
      const record = journal.add('a', arrival);
      keep(journal, record);
      journal.end('a', record);
      return record.size - least;
    };
    const text = 'x'.repeat(100);
    expect(
      sizeWith((journal, record) => {
        journal.keepBody(record, text);
      }),
    ).toBe(100);
    expect(
      sizeWith((journal, record) => {
        journal.keepResponse(record, text);
      }),
    ).toBe(100);
    expect(
      sizeWith((journal, record) => {
        journal.keepBody(record, '☃'.repeat(100));
      }),
    ).toBe(200);
    expect(sizeWith((_, record) => (record.error = text))).toBe(100);
    expect(sizeWith((_, record) => (record.warningsSize = 70))).toBe(70);
  });

  it('counts url, headers and request id', () => {
    const journal = createJournal({ entries: 9, bytes: 1e6 });
    const text = 'x'.repeat(300);
    const sizeOf = (given: object) => journal.add('a', { ...arrival, ...given }).size;
    expect(sizeOf({ url: text })).toBeGreaterThanOrEqual(least + 299);
    expect(sizeOf({ headers: { a: text } })).toBeGreaterThanOrEqual(least + 301);
    expect(sizeOf({ requestId: text })).toBeGreaterThanOrEqual(least + 299);
  });

  it('keeps no text of more than 65,536 characters', () => {
    const journal = createJournal({ entries: 1, bytes: 1e6 });
    const record = journal.add('a', arrival);
    journal.keepBody(record, 'x'.repeat(65_537));
    journal.keepResponse(record, 'x'.repeat(65_537));
    expect(record).toMatchObject({ body: undefined, responseBody: undefined });
    journal.keepBody(record, 'x'.repeat(65_536));
    expect(record.body).toHaveLength(65_536);
  });

  it('stays within its bounds and in order, for any requests', () => {
    const request = fc.record({
      ...{ workspace: fc.constantFrom('a', 'b', 'c'), length: fc.nat(3000) },
      ...{ isOver: fc.boolean(), clears: fc.boolean() },
    });
    const requests = fc.array(request, { maxLength: 40, size: 'max' });
    const bytes = 6 * least + 6000;
    fc.assert(
      fc.property(requests, (all) => {
        const journal = createJournal({ entries: 4, bytes });
        const open: { workspace: string; record: JournalRecord }[] = [];
        const isRight = () => {
          const kept = ['a', 'b', 'c'].flatMap((name) => journal.list(name));
          const real = kept.map(({ responseBody = '', size }) => [
            responseBody.length,
            size - least,
          ]);
          expect(kept.every(({ isKept }) => isKept)).toBe(true);
          expect(real.every(([length = 0, counted = 0]) => counted <= length)).toBe(true);
          expect(kept.reduce((sum, { size }) => sum + size, 0)).toBeLessThanOrEqual(bytes);
          for (const name of ['a', 'b', 'c']) {
            const listed = journal.list(name);
            expect(listed.length).toBeLessThanOrEqual(4);
            expect(listed.every(({ method }) => method === name)).toBe(true);
            const order = listed.map(({ id }) => id);
            expect(order).toEqual(order.toSorted((x, y) => x - y));
          }
        };
        for (const [index, { workspace, length, isOver, clears }] of all.entries()) {
          if (clears && index % 5 === 0) journal.clear(workspace);
          const record = journal.add(workspace, { ...arrival, method: workspace });
          journal.keepResponse(record, 'x'.repeat(length));
          expect(record.id).toBe(index + 1);
          open.push({ workspace, record });
          isRight();
          if (!isOver) continue;
          for (const { workspace, record } of open.splice(0)) {
            record.duration = 1;
            journal.end(workspace, record);
            isRight();
          }
        }
      }),
    );
  });

  it('has room again after it was cleared', () => {
    const journal = createJournal({ entries: 100, bytes: 2 * least + 2000 });
    add(journal, 'a', 2000);
    journal.clear('a');
    journal.clear('b');
    add(journal, 'b', 1000);
    add(journal, 'a', 1000);
    expect([ids(journal, 'a'), ids(journal, 'b')]).toEqual([[3], [2]]);
  });

  it('counts nothing of a request that ends after the journal was cleared', () => {
    const journal = createJournal({ entries: 100, bytes: 3 * least });
    const slow = journal.add('a', arrival);
    journal.clear('a');
    journal.keepResponse(slow, 'x'.repeat(2 * least));
    add(journal, 'a');
    journal.end('a', slow);
    add(journal, 'a');
    add(journal, 'a');
    expect(ids(journal, 'a')).toEqual([2, 3, 4]);
  });

  it('calls the listeners of a workspace for each record, until they are removed', () => {
    const journal = createJournal({ entries: 9, bytes: 1e6 });
    const heard: unknown[] = [];
    const stop = journal.subscribe('a', (record) => heard.push(record?.id));
    const stopOther = journal.subscribe('a', () => heard.push('other'));
    add(journal, 'a');
    add(journal, 'b');
    stopOther();
    journal.clear('a');
    stop();
    add(journal, 'a');
    expect(heard).toEqual([1, 'other', undefined]);
  });
});
