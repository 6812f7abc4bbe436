import { CR, tryDecodeUtf8 } from "../core/bytes.ts";
import { ProtocolError } from "../core/errors.ts";

/** A stretch of a command: text without line end, and the literal that stood at its end, if there was one. */
export interface Segment {
  readonly text: Uint8Array;
  readonly literal: Uint8Array | null;
  /** The literal was written as a literal8 (RFC 3516), which not every argument may be. */
  readonly binary?: boolean;
}

const SPACE = 32;
const QUOTE = 34;
const ZERO = 48;
const NINE = 57;
const BACKSLASH = 92;
const UINT32_MAX = 0xffff_ffff;
const EMPTY = new Uint8Array(0);

/**
 * The arguments of one command, from left to right, as IMAP and ManageSieve write them alike: spaces, numbers, quoted strings
 * and literals (RFC 3501 section 9, RFC 5804 section 4). `try...` returns null (or false) and stays where it is when
 * something else stands there; `expect...` throws `ProtocolError`. It knows grammar only, and never calls itself.
 */
export class Arguments {
  readonly #segments: readonly Segment[];
  #index = 0;
  #at = 0;

  constructor(segments: readonly Segment[]) {
    this.#segments = segments;
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

  // ---- Single bytes and runs ----

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

  /** One or more bytes of a class. */
  tryBytes(accepts: (byte: number) => boolean): Uint8Array | null {
    const text = this.#text;
    let end = this.#at;
    while (end < text.length && accepts(text[end]!)) end++;
    if (end === this.#at) return null;
    const run = text.subarray(this.#at, end);
    this.#at = end;
    return run;
  }

  /** Takes this text (in capitals) when it stands here, in any case, and what follows it is no byte of `unless`. */
  tryText(expected: string, unless: (byte: number) => boolean = () => false): boolean {
    const text = this.#text;
    for (let i = 0; i < expected.length; i++) {
      if (upper(text[this.#at + i] ?? 0) !== expected.charCodeAt(i)) return false;
    }
    if (unless(text[this.#at + expected.length] ?? 0)) return false;
    this.#at += expected.length;
    return true;
  }

  // ---- Numbers ----

  /** A number of 32 bits. */
  tryNumber(): number | null {
    const start = this.#at;
    let value = 0;
    while (this.next >= ZERO && this.next <= NINE) {
      value = value * 10 + this.next - ZERO;
      if (value > UINT32_MAX) this.fail("a smaller number");
      this.#at++;
    }
    return this.#at === start ? null : value;
  }

  expectNumber(): number {
    return this.tryNumber() ?? this.fail("a number");
  }

  // ---- Strings ----

  /** A quoted string or a literal. */
  tryString(): Uint8Array | null {
    return this.next === QUOTE ? this.#quoted() : this.#literal(false);
  }

  /** A literal8 (RFC 3516 section 4.4). */
  tryLiteral8(): Uint8Array | null {
    return this.#literal(true);
  }

  expectString(what = "a string"): Uint8Array {
    return this.tryString() ?? this.fail(what);
  }

  /** Bytes that were just read, which must be UTF-8. */
  asText(bytes: Uint8Array, what: string): string {
    return tryDecodeUtf8(bytes) ?? this.fail(`${what} in UTF-8`);
  }

  // ---- The machinery ----

  get #text(): Uint8Array {
    return this.#segments[this.#index]?.text ?? EMPTY;
  }

  /**
   * Bytes above 127 pass, since IMAP's clients send passwords and searches in UTF-8; and so does more than the 1,024 octets of
   * RFC 5804, since the reader's own limit holds and some clients quote longer tokens.
   */
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
      if (byte === 0 || byte === CR) this.fail("no NUL and no CR in the string");
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
