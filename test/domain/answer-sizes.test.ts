import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import * as sizes from '../../src/domain/requests/answer-sizes.js';

it('the sizes of answers are those that docs/limits.md names', () => {
  const mebibytes = Object.fromEntries(
    Object.entries(sizes).map(([name, size]) => [name, size / 1024 / 1024]),
  );
  const expected = { maxOfPage: 32, maxOfArray: 128, maxOfExport: 256, maxOfPart: 16 };
  expect(mebibytes).toEqual({ ...expected, sliceSize: 1 });
  const page = readFileSync('docs/limits.md', 'utf8');
  expect(page).toMatch(/\| a page of a list +\| about 32 MiB /);
  expect(page).toMatch(/\| a list without pages +\| 128 MiB /);
  expect(page).toMatch(
    /\| an export +\| 256 MiB +\| 400; `batchesFrom=0` gives it in parts of 16 MiB/,
  );
});
