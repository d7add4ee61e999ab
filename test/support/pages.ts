import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import GithubSlugger from 'github-slugger';

/** The pages that users read: the README and all of `docs/`. */
export const pages: readonly string[] = [
  'README.md',
  ...readdirSync('docs').map((name) => `docs/${name}`),
];

export const readPage = (path: string): string => readFileSync(path, 'utf8');

const fence = /^ *```(\w*)\n(.*?)^ *```$/gms;

/** A fenced block of code of a page. */
export interface Block {
  readonly language: string;
  readonly code: string;
  /** `docs/steering.md:20`, for messages. */
  readonly at: string;
}

export function blocksOf(path: string): Block[] {
  const text = readPage(path);
  return [...text.matchAll(fence)].map(({ 1: language = '', 2: code = '', index }) => ({
    language,
    code,
    at: `${path}:${String(text.slice(0, index).split('\n').length)}`,
  }));
}

/** The targets of a page's links to files and headings, as paths from the root: `docs/a.md#b`. */
export function linksOf(path: string): string[] {
  const prose = readPage(path).replaceAll(fence, '');
  const targets = [...prose.matchAll(/\]\(([^)\s]+)\)/g)].map(([, target = '']) => target);
  return targets
    .filter((target) => !/^https?:/.test(target))
    .map((target) =>
      target.startsWith('#') ? path + target : relative('.', join(dirname(path), target)),
    );
}

/** The anchors that code hosts give to a page's headings. */
export function anchorsOf(path: string): string[] {
  const slugger = new GithubSlugger();
  const headings = readPage(path)
    .replaceAll(fence, '')
    .matchAll(/^#+ (.*)$/gm);
  return [...headings].map(([, heading = '']) => slugger.slug(heading));
}

/** The rows of a page's tables, as the texts of their cells. */
export const rowsOf = (path: string): string[][] =>
  [...readPage(path).matchAll(/^\| (.*) \|$/gm)].map(([, row = '']) => row.split(/ *\| */));
