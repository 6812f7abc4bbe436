import { CR, decodeLatin1, tryDecodeUtf8 } from "../../core/bytes.ts";
import { ProtocolError } from "../../core/errors.ts";

/** A stretch of a command's text, and the literal behind it. */
export interface Segment {
  readonly text: Uint8Array;
  readonly literal: Uint8Array | null;
}

const SPACE = 32;
const QUOTE = 34;
const ZERO = 48;
const NINE = 57;
const BACKSLASH = 92;
const UINT32_MAX = 0xffffffff;

/**
 * Reads the arguments of one command (RFC 5804 section 4) from what has been collected of it: lines without their line
 * ends, and literals. `try...` returns null or false when something else stands there; `expect...` throws
 * `ProtocolError`. It knows grammar only.
 */
export class Decoder {
  readonly #segments: readonly Segment[];
  #index = 0;
  #at = 0;

  constructor(segments: readonly Segment[]) {
    this.#segments = segments;
  }

  get atEnd(): boolean {
    return this.#next < 0 && (this.#segments[this.#index]?.literal ?? null) === null;
  }

  fail(expected: string): never {
    throw new ProtocolError(`Expected ${expected} ${this.#place()}`);
  }

  expectEnd(): void {
    if (!this.atEnd) this.fail("the end of the command");
  }

  trySpace(): boolean {
    if (this.#next !== SPACE) return false;
    this.#at++;
    return true;
  }

  expectSpace(): void {
    if (!this.trySpace()) this.fail("a space");
  }

  /** The name of a command, in capitals: names are compared without case (section 1.2). */
  expectName(): string {
    const text = this.#text;
    const start = this.#at;
    while (isLetter(text[this.#at] ?? 0)) this.#at++;
    if (this.#at === start) this.fail("a command");
    return decodeLatin1(text.subarray(start, this.#at)).toUpperCase();
  }

  /** 32 bits, without zeros in front. */
  expectNumber(): number {
    const start = this.#at;
    let value = 0;
    while (this.#next >= ZERO && this.#next <= NINE) {
      value = value * 10 + this.#next - ZERO;
      if (value > UINT32_MAX) this.fail("a smaller number");
      this.#at++;
    }
    const digits = this.#at - start;
    if (digits === 0 || (digits > 1 && this.#text[start] === ZERO)) this.fail("a number");
    return value;
  }

  /** A quoted string or a literal. */
  tryString(): Uint8Array | null {
    return this.#next === QUOTE ? this.#quoted() : this.#literal();
  }

  /** A string, which is UTF-8 wherever it stands (section 1.2). */
  expectText(what: string): string {
    const bytes = this.tryString() ?? this.fail(`${what}, as a string`);
    return tryDecodeUtf8(bytes) ?? this.fail(`${what} in UTF-8 before this place`);
  }

  // ---- The machinery ----

  get #text(): Uint8Array {
    return this.#segments[this.#index]?.text ?? EMPTY;
  }

  /** The next byte of text, or -1 where the text of a segment ends. */
  get #next(): number {
    return this.#text[this.#at] ?? -1;
  }

  /** The 1,024 octets of the grammar are no limit here: the reader's own is, and some clients quote longer tokens. */
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

  #literal(): Uint8Array | null {
    const segment = this.#segments[this.#index];
    if (segment === undefined || segment.literal === null || this.#at < segment.text.length) return null;
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

function isLetter(byte: number): boolean {
  return (byte >= 65 && byte <= 90) || (byte >= 97 && byte <= 122);
}
