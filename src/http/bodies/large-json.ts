import { parse } from 'secure-json-parse';
import { ApiError } from '../../errors.js';
import { findUnusable } from '../../json/checks.js';

/** What a body may have. */
export interface JsonLimits {
  /** The most levels of arrays and objects. */
  readonly levels: number;
  /** The most arrays and objects. An empty one has three bytes of JSON and 25 times as much in memory. */
  readonly containers: number;
}

/** The most values of a body. */
const maxValues = 5_000_000;

/** The most properties of an object. To add one to a million of them may take half a second. */
const maxProperties = 100_000;

/** The most bytes of a text or a number, which is parsed at once. */
const maxScalar = 5 * 1024 * 1024;

/** `piece`: so many bytes, or a little more, are parsed at once. `slice`: after so many other work may run. */
const defaultSizes = { piece: 32 * 1024, slice: 128 * 1024 };

/** Ignores properties that would change the prototype of an object, as unknown properties are ignored. */
export const parseSafely = (text: string): unknown =>
  parse(text, { protoAction: 'remove', constructorAction: 'remove' });

/**
 * Parses JSON in pieces, with pauses. `JSON.parse` would hold the event loop for seconds at the largest bodies.
 * This code looks only for commas and brackets; `JSON.parse` reads what is between them.
 * @param json valid UTF-8.
 * @throws ApiError 400 if it is not JSON, or could not be stored; 413 above a limit.
 */
export async function parseLargeJson(
  json: Buffer,
  limits: JsonLimits,
  turn: () => Promise<void>,
  sizes = defaultSizes,
): Promise<unknown> {
  const reader = new LargeJsonReader(json, limits, sizes.piece);
  for (let end = 0; end < json.length;) {
    end = Math.min(end + sizes.slice, json.length);
    reader.readTo(end);
    await turn();
  }
  return reader.result();
}

/** @throws ApiError 400 if the value could not be stored as JSON and returned unchanged. */
export function refuseUnusable(value: unknown, levels: number): void {
  const problem = findUnusable('body', value, levels);
  if (problem !== undefined) throw new ApiError('invalid_request', problem);
}

export const limitError = (limit: string): ApiError =>
  new ApiError('payload_too_large', `The limit is ${limit}.`);

type Container = unknown[] | Record<string, unknown>;

/** An array or object of which the end was not read yet. */
interface Level {
  readonly isArray: boolean;
  /** The position of its bracket. */
  readonly bracket: number;
  /** Undefined as long as it is only a part of a piece. */
  value: Container | undefined;
  /** Its name or index in the level above. */
  name: string;
  /** The number of values that were added to `value`. */
  size: number;
  /** The position after what was added to `value`. */
  start: number;
  /** The position of the last text of this level. It is the name of a value that begins later. */
  text: number;
  /** What must come at `start`; `value` after a comma, `any` at the beginning. */
  next: 'any' | 'value' | 'comma';
}

const byteOf = (character: string): number => character.charCodeAt(0);
const [quote, backslash, comma] = [byteOf('"'), byteOf('\\'), byteOf(',')];
const [openBracket, closeBracket] = [byteOf('['), byteOf(']')];
const [openBrace, closeBrace] = [byteOf('{'), byteOf('}')];

const byteOrderMark = Buffer.from('\ufeff');

const isBlank = (text: string): boolean => /^[ \t\r\n]*$/.test(text);

class LargeJsonReader {
  readonly #json: Buffer;
  readonly #limits: JsonLimits;
  readonly #pieceSize: number;
  /** The outermost level first. Those that have a value come before those that have none. */
  readonly #levels: Level[] = [];
  #root: Container | undefined;
  #index: number;
  /** The position after what was added to a value. */
  #done: number;
  #isInText = false;
  #containers = 0;
  #values = 0;

  constructor(json: Buffer, limits: JsonLimits, pieceSize: number) {
    this.#json = json;
    this.#limits = limits;
    this.#pieceSize = pieceSize;
    const hasMark = json.subarray(0, byteOrderMark.length).equals(byteOrderMark);
    this.#index = hasMark ? byteOrderMark.length : 0;
    this.#done = this.#index;
  }

  /** Hot path: looks at each byte. */
  readTo(end: number): void {
    const json = this.#json;
    let isInText = this.#isInText;
    let index = this.#index;
    for (; index < end; index += 1) {
      const byte = json[index];
      if (isInText) {
        if (byte === backslash) index += 1;
        else if (byte === quote) isInText = false;
      } else if (byte === quote) {
        isInText = true;
        const level = this.#levels.at(-1);
        if (level !== undefined) level.text = index;
      } else if (byte === comma) this.#readComma(index);
      else if (byte === openBrace || byte === openBracket) this.#begin(byte, index);
      else if (byte === closeBrace || byte === closeBracket) this.#end(byte, index);
    }
    this.#isInText = isInText;
    this.#index = index;
    if (end - this.#done > maxScalar + this.#pieceSize) {
      throw limitError(`${String(maxScalar)} bytes for a text`);
    }
  }

  /** The parsed value, after everything was read. */
  result(): unknown {
    const { length } = this.#json;
    if (this.#levels.length > 0) throw this.#broken('Unexpected end of JSON input');
    if (this.#root !== undefined) {
      if (isBlank(this.#slice(this.#done, length))) return this.#root;
      throw this.#broken('Unexpected data after the end');
    }
    const value = this.#parse(this.#slice(this.#done, length));
    refuseUnusable(value, this.#limits.levels);
    return value;
  }

  #readComma(index: number): void {
    this.#values += 1;
    if (this.#values > maxValues) throw limitError(`${String(maxValues)} values`);
    const level = this.#levels.at(-1);
    if (level === undefined) return;
    if (level.next === 'comma') this.#refuseText(level, index);
    else if (index - this.#done < this.#pieceSize) return;
    else {
      this.#makeValues();
      this.#add(level, index);
    }
    level.next = 'value';
    this.#done = level.start = index + 1;
  }

  #begin(byte: number, bracket: number): void {
    this.#containers += 1;
    const { containers, levels } = this.#limits;
    if (this.#containers > containers) throw limitError(`${String(containers)} arrays and objects`);
    const { length } = this.#levels;
    if (length === levels) {
      const problem = `body must not be nested more than ${String(levels)} levels deep`;
      throw new ApiError('invalid_request', problem);
    }
    const isArray = byte === openBracket;
    const start = bracket + 1;
    const rest = { value: undefined, name: '', size: 0, text: -1, next: 'any' } as const;
    const level: Level = { isArray, bracket, start, ...rest };
    if (length === 0) {
      if (this.#root !== undefined || !isBlank(this.#slice(this.#done, bracket))) {
        throw this.#broken('Unexpected bracket');
      }
      this.#root = level.value = isArray ? [] : {};
      this.#done = start;
    }
    this.#levels.push(level);
  }

  #end(byte: number, index: number): void {
    const level = this.#levels.pop();
    if (level?.isArray !== (byte === closeBracket)) throw this.#broken('Unexpected bracket');
    const { value, name } = level;
    // It is a part of a piece, and parsed with it.
    if (value === undefined) return;
    if (level.next === 'comma') this.#refuseText(level, index);
    else if (level.next === 'value' || !isBlank(this.#slice(level.start, index))) {
      this.#levels.push(level);
      this.#add(level, index);
      this.#levels.pop();
    }
    this.#done = index + 1;
    const parent = this.#levels.at(-1);
    if (parent === undefined) return;
    parent.start = index + 1;
    parent.next = 'comma';
    if (name === 'constructor' && Object.hasOwn(value, 'prototype')) {
      Reflect.deleteProperty(parent.value ?? {}, name);
    }
  }

  /** Gives each level a value, so that pieces can be added to it. */
  #makeValues(): void {
    for (const [depth, level] of this.#levels.entries()) {
      const parent = this.#levels[depth - 1];
      if (level.value !== undefined || parent === undefined) continue;
      level.name = this.#addBefore(parent, level.bracket);
      level.value = level.isArray ? [] : {};
      parent.size += 1;
      if (Array.isArray(parent.value)) parent.value.push(level.value);
      else if (level.name !== '__proto__' && parent.value) parent.value[level.name] = level.value;
    }
  }

  /** Adds what comes before a child to its parent. Returns the name of the child. */
  #addBefore(parent: Level, bracket: number): string {
    const { isArray, text } = parent;
    const end = isArray ? bracket : text;
    if (end < parent.start || parent.next === 'comma') throw this.#broken('Unexpected bracket');
    const before = this.#slice(parent.start, end);
    if (!isBlank(before)) {
      const members = before.replace(/[ \t\r\n]+$/, '');
      const lastComma = parent.start + Buffer.byteLength(members) - 1;
      if (this.#json[lastComma] !== comma) throw this.#broken('Unexpected bracket');
      this.#add(parent, lastComma);
    }
    if (isArray) return String(parent.size);
    const [, name] = /^(".*")[ \t\r\n]*:[ \t\r\n]*$/s.exec(this.#slice(text, bracket)) ?? [];
    if (name === undefined) throw this.#broken('Unexpected bracket');
    const parsed = this.#parse(name) as string;
    const problem = findUnusable(this.#pathOf(parent), { [parsed]: null });
    if (problem !== undefined) throw new ApiError('invalid_request', problem);
    return parsed;
  }

  /** Adds the values from `start` on to a level. */
  #add(level: Level, end: number): void {
    const { isArray, value, start } = level;
    const text = this.#slice(start, end);
    if (isBlank(text)) throw this.#broken('Unexpected comma');
    const piece = this.#parse(isArray ? `[${text}]` : `{${text}}`) as Container;
    this.#refuseUnusable(piece, level);
    if (Array.isArray(value)) for (const one of piece as unknown[]) value.push(one);
    else Object.assign(value as object, piece);
    level.size += Array.isArray(piece) ? piece.length : Object.keys(piece).length;
    if (!isArray && level.size > maxProperties) {
      throw limitError(`${String(maxProperties)} properties of an object`);
    }
  }

  #refuseUnusable(piece: Container, level: Level): void {
    const levels = this.#limits.levels - this.#levels.indexOf(level);
    if (findUnusable('', piece, levels) === undefined) return;
    const path = this.#pathOf(level);
    for (const [name, value] of Object.entries<unknown>(piece)) {
      const shown = level.isArray ? String(level.size + Number(name)) : name;
      const problem = level.isArray
        ? findUnusable(`${path}/${shown}`, value, levels - 1)
        : findUnusable(path, { [name]: value }, levels);
      if (problem !== undefined) throw new ApiError('invalid_request', problem);
    }
  }

  #pathOf(level: Level): string {
    const names = this.#levels.slice(1, this.#levels.indexOf(level) + 1).map(({ name }) => name);
    return ['body', ...names].join('/');
  }

  /** @throws ApiError 400 if there is more than white space. */
  #refuseText({ start }: Level, end: number): void {
    if (!isBlank(this.#slice(start, end))) throw this.#broken('Expected a comma or a bracket');
  }

  #slice(start: number, end: number): string {
    return this.#json.toString('utf8', start, end);
  }

  #parse(text: string): unknown {
    try {
      return parseSafely(text);
    } catch (error) {
      // Positions in the message would be those in the piece.
      throw this.#broken((error as Error).message.replace(/,? (in JSON )?at position .*/s, ''));
    }
  }

  #broken(problem: string): ApiError {
    const where = `after byte ${String(this.#done)}`;
    return new ApiError('invalid_request', `body is not valid JSON: ${problem} ${where}`);
  }
}
