import { decodeLatin1, tryDecodeUtf8 } from "../../core/bytes.ts";
import { ProtocolError } from "../../core/errors.ts";
import {
  BACKSLASH,
  CLOSE,
  isAstringChar,
  isAtomChar,
  isDigit,
  isTagChar,
  OPEN,
  QUOTE,
  SPACE,
  ZERO,
} from "./chars.ts";

/** A stretch of a command: text without line end, and the literal that stood at its end, if there was one. */
export interface Segment {
  readonly text: Uint8Array;
  readonly literal: Uint8Array | null;
  /** The literal was written as a literal8 (RFC 3516), which not every argument may be. */
  readonly binary?: boolean;
}

export interface DecoderOptions {
  /** The client has switched UTF-8 on (RFC 9755, RFC 9051): mailbox names are UTF-8 and no longer modified UTF-7. */
  readonly utf8?: boolean;
}

/**
 * How deep parentheses (and NOT, OR) may stand in each other. Not in the configuration: what follows a term calls itself to its
 * depth, so a greater number would be a question of our stack, and no client comes near this one.
 */
export const MAX_NESTING = 40;

const UINT32_MAX = 0xffff_ffff;

/**
 * Reads the values of one command, from left to right. `try...` returns null (or false) and stays where it is when
 * something else stands there; `expect...` throws `ProtocolError`. It knows grammar only, and never calls itself: what
 * nests is counted by `enter` and `leave`.
 */
export class Decoder {
  readonly #segments: readonly Segment[];
  readonly utf8: boolean;
  #index = 0;
  #at = 0;
  #depth = 0;

  constructor(segments: readonly Segment[], { utf8 = false }: DecoderOptions = {}) {
    this.#segments = segments;
    this.utf8 = utf8;
  }

  /** The next byte of text, or -1 where the text of a segment ends (a literal, or the end of the command). */
  get next(): number {
    return this.#text[this.#at] ?? -1;
  }

  get atEnd(): boolean {
    return this.next < 0 && (this.#segments[this.#index]?.literal ?? null) === null;
  }

  fail(expected: string): never {
    throw new ProtocolError(`Expected ${expected} ${this.#place()}`);
  }

  expectEnd(): void {
    if (!this.atEnd) this.fail("the end of the command");
  }

  /** One level deeper; throws when it is too deep. */
  enter(): void {
    if (++this.#depth > MAX_NESTING) throw new ProtocolError("Too many levels of nesting");
  }

  leave(): void {
    this.#depth--;
  }

  // ---- Single bytes ----

  tryByte(byte: number): boolean {
    if (this.next !== byte) return false;
    this.#at++;
    return true;
  }

  expectByte(byte: number): void {
    if (!this.tryByte(byte)) this.fail(`"${String.fromCharCode(byte)}"`);
  }

  trySpace(): boolean {
    return this.tryByte(SPACE);
  }

  expectSpace(): void {
    if (!this.trySpace()) this.fail("a space");
  }

  // ---- Words ----

  expectTag(): string {
    return this.#run(isTagChar) ?? this.fail("a tag");
  }

  /** One or more bytes of a class of one's own. */
  tryRun(accepts: (byte: number) => boolean): string | null {
    return this.#run(accepts);
  }

  tryAtom(): string | null {
    return this.#run(isAtomChar);
  }

  expectAtom(what = "a word"): string {
    return this.tryAtom() ?? this.fail(what);
  }

  /** An atom in capitals: the words of the grammar are compared without case. */
  expectKeyword(what = "a word"): string {
    return this.expectAtom(what).toUpperCase();
  }

  /** Takes the word when it stands here, as a whole word, in any case. */
  tryKeyword(word: string): boolean {
    const text = this.#text;
    for (let i = 0; i < word.length; i++) {
      if (upper(text[this.#at + i] ?? 0) !== word.charCodeAt(i)) return false;
    }
    const after = text[this.#at + word.length] ?? 0;
    if (isAtomChar(after)) return false;
    this.#at += word.length;
    return true;
  }

  /** Takes this text (in capitals) when it stands here, in any case. */
  tryText(expected: string): boolean {
    const text = this.#text;
    for (let i = 0; i < expected.length; i++) {
      if (upper(text[this.#at + i] ?? 0) !== expected.charCodeAt(i)) return false;
    }
    this.#at += expected.length;
    return true;
  }

  // ---- Numbers ----

  /** A number of 32 bits. */
  tryNumber(): number | null {
    const start = this.#at;
    let value = 0;
    while (isDigit(this.next)) {
      value = value * 10 + this.next - ZERO;
      if (value > UINT32_MAX) this.fail("a smaller number");
      this.#at++;
    }
    return this.#at === start ? null : value;
  }

  expectNumber(): number {
    return this.tryNumber() ?? this.fail("a number");
  }

  expectNonZero(): number {
    const value = this.expectNumber();
    if (value === 0) this.fail("a number greater than zero");
    return value;
  }

  // ---- Strings ----

  /** A quoted string or a literal. */
  tryString(): Uint8Array | null {
    if (this.next === QUOTE) return this.#quoted();
    return this.#literal(false);
  }

  /** A literal8 (RFC 3516 section 4.4). */
  tryLiteral8(): Uint8Array | null {
    return this.#literal(true);
  }

  expectString(): Uint8Array {
    return this.tryString() ?? this.fail("a string");
  }

  /** An atom or a string, as bytes. */
  tryAstring(): Uint8Array | null {
    return this.#runBytes(isAstringChar) ?? this.tryString();
  }

  expectAstring(what = "a string"): Uint8Array {
    return this.tryAstring() ?? this.fail(what);
  }

  /** An astring whose bytes are UTF-8. */
  expectText(what = "a string"): string {
    return tryDecodeUtf8(this.expectAstring(what)) ?? this.fail(`${what} in UTF-8`);
  }

  /** A string, or null for NIL. */
  expectNstring(): Uint8Array | null {
    const string = this.tryString();
    if (string !== null) return string;
    if (this.tryKeyword("NIL")) return null;
    return this.fail("a string or NIL");
  }

  // ---- Lists ----

  /** Takes `(item item ...)`, which may be empty; false when no parenthesis stands here. */
  tryList(item: () => void): boolean {
    if (!this.tryByte(OPEN)) return false;
    this.enter();
    if (!this.tryByte(CLOSE)) {
      do item(); while (this.trySpace());
      this.expectByte(CLOSE);
    }
    this.leave();
    return true;
  }

  expectList(item: () => void): void {
    if (!this.tryList(item)) this.fail("a list in parentheses");
  }

  // ---- The machinery ----

  get #text(): Uint8Array {
    return this.#segments[this.#index]?.text ?? EMPTY;
  }

  #run(accepts: (byte: number) => boolean): string | null {
    const bytes = this.#runBytes(accepts);
    return bytes === null ? null : decodeLatin1(bytes);
  }

  #runBytes(accepts: (byte: number) => boolean): Uint8Array | null {
    const text = this.#text;
    let end = this.#at;
    while (end < text.length && accepts(text[end]!)) end++;
    if (end === this.#at) return null;
    const run = text.subarray(this.#at, end);
    this.#at = end;
    return run;
  }

  /** RFC 3501 section 9 `quoted`. Bytes above 127 pass, since clients send passwords and searches in UTF-8. */
  #quoted(): Uint8Array {
    const text = this.#text;
    const start = this.#at + 1;
    let escapes = 0;
    let end = start;
    for (; text[end] !== QUOTE; end++) {
      let byte = text[end];
      if (byte === undefined) this.fail("a closing quote for the string");
      if (byte === BACKSLASH) {
        escapes++;
        byte = text[++end];
        if (byte !== QUOTE && byte !== BACKSLASH) this.fail('only " or \\ after a backslash in the string');
      }
      if (byte === 0 || byte === 13) this.fail("no NUL and no CR in the string");
    }
    this.#at = end + 1;
    const raw = text.subarray(start, end);
    return escapes === 0 ? raw : unescape(raw, escapes);
  }

  #literal(binary: boolean): Uint8Array | null {
    const segment = this.#segments[this.#index];
    if (segment === undefined || segment.literal === null || this.#at < segment.text.length) return null;
    if (binary !== (segment.binary ?? false)) return null;
    this.#index++;
    this.#at = 0;
    return segment.literal;
  }

  #place(): string {
    if (this.atEnd) return "at the end of the command";
    return this.#index === 0
      ? `at byte ${this.#at + 1}`
      : `at byte ${this.#at + 1} after literal ${this.#index}`;
  }
}

const EMPTY = new Uint8Array(0);

function unescape(raw: Uint8Array, escapes: number): Uint8Array {
  const bytes = new Uint8Array(raw.length - escapes);
  for (let at = 0, length = 0; at < raw.length; at++) {
    if (raw[at] === BACKSLASH) at++;
    bytes[length++] = raw[at]!;
  }
  return bytes;
}

function upper(byte: number): number {
  return byte >= 97 && byte <= 122 ? byte - 32 : byte;
}
