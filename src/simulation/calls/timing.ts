import type { SaidEntry, SpeechEntry } from '../../domain/calls/call-record.js';
import { wordTime } from '../../domain/custom-llm/session.js';

/** A word and when it is said, in seconds since the call was connected. */
export interface TimedWord {
  readonly word: string;
  readonly start: number;
  readonly end: number;
}

/** An entry with its times, in milliseconds since the call was connected. */
export interface TimedEntry {
  readonly entry: SpeechEntry;
  readonly start: number;
  readonly end: number;
  /** None of what is not spoken. */
  readonly words: readonly TimedWord[];
}

/** The longest that a word takes, in milliseconds; what is left of a call is silence. */
const maxWordMs = wordTime;

/** The share of a call that is spoken, if all of it is needed. */
const spokenShare = 0.8;

/** Milliseconds that nobody speaks at the beginning, and at the end. */
export interface Silence {
  readonly before: number;
  readonly after: number;
}

/**
 * When each entry of a conversation is said: the words of all take the same time, and what is left is
 * spread between the entries. All of it is within `talk` milliseconds after `from`, and rises.
 */
export function timeSpeech(
  entries: readonly SpeechEntry[],
  talk: number,
  silence: Silence,
  from = 0,
): TimedEntry[] {
  const before = Math.min(silence.before, talk);
  const span = Math.max(0, talk - before - silence.after);
  const spoken = entries.map(wordsOf);
  const count = spoken.reduce((sum, words) => sum + words.length, 0);
  const wordTime = count === 0 ? 0 : Math.min(maxWordMs, (span * spokenShare) / count);
  const pause = (span - wordTime * count) / (entries.length + 1);
  let at = from + before;
  return entries.map((entry, index) => {
    const words = spoken[index] ?? [];
    const start = at + pause;
    at = start + words.length * wordTime;
    return { entry, start, end: at, words: timeWords(words, start, wordTime) };
  });
}

/**
 * The same for entries of which is known when they were said. Each is over when the next one begins, and
 * the last one when the call ends.
 */
export function timeLive(
  entries: readonly { readonly entry: SpeechEntry; readonly start: number }[],
  talk: number,
): TimedEntry[] {
  return entries.map(({ entry, start }, index) => {
    const words = wordsOf(entry);
    const span = Math.max(0, Math.min(entries[index + 1]?.start ?? talk, talk) - start);
    const wordTime = Math.min(maxWordMs, span / Math.max(1, words.length));
    const end = start + words.length * wordTime;
    return { entry, start, end, words: timeWords(words, start, wordTime) };
  });
}

/** The same for an entry that nothing cuts. */
export function timeEntry(entry: SpeechEntry, start: number): TimedEntry {
  const words = wordsOf(entry);
  const end = start + words.length * maxWordMs;
  return { entry, start, end, words: timeWords(words, start, maxWordMs) };
}

/** The same for an entry that stays as it is. */
export function timeSaid({ entry, start, end }: SaidEntry): TimedEntry {
  const words = wordsOf(entry);
  const wordTime = (end - start) / Math.max(1, words.length);
  return { entry, start, end, words: timeWords(words, start, wordTime) };
}

const timeWords = (words: readonly string[], start: number, wordTime: number): TimedWord[] =>
  words.map((word, index) => ({
    word,
    start: toSeconds(start + index * wordTime),
    end: toSeconds(start + (index + 1) * wordTime),
  }));

/** Rounded to milliseconds. */
export const toSeconds = (milliseconds: number): number => Math.round(milliseconds) / 1000;

const isSpoken = (entry: SpeechEntry): entry is Extract<SpeechEntry, { content: string }> =>
  entry.role === 'agent' || entry.role === 'user' || entry.role === 'transfer_target';

const wordsOf = (entry: SpeechEntry): string[] =>
  isSpoken(entry) ? entry.content.split(/\s+/).filter((word) => word !== '') : [];

/** What was said until a moment of the call; of what is said then, the words that were said by then. */
export function saidUntil(entries: readonly TimedEntry[], moment: number): TimedEntry[] {
  return entries.flatMap((timed) => {
    if (timed.end <= moment) return [timed];
    if (timed.start >= moment || !isSpoken(timed.entry)) return [];
    const words = timed.words.filter(({ end }) => end * 1000 <= moment);
    if (words.length === 0) return [];
    const content = words.map(({ word }) => word).join(' ');
    return [{ entry: { ...timed.entry, content }, start: timed.start, end: moment, words }];
  });
}
