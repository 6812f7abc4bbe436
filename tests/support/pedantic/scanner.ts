import { decodeLatin1, tryDecodeUtf8 } from "../../../src/core/bytes.ts";

/** The server said what the grammar does not have. */
export class GrammarError extends Error {
  override readonly name = "GrammarError";
}

/** What depends on what was said before. */
export interface Mode {
  /** Quoted strings may hold UTF-8 (RFC 9755 section 3, RFC 9051 section 9). */
  readonly utf8: boolean;
}

const UINT32_MAX = 0xffff_ffff;

/**
 * Reads one response from left to right, by the formal syntax of RFC 3501 section 9 and RFC 9051 section 9 and by nothing of the
 * server's own code. Every method takes what it names or throws.
 */
export class Scanner {
  readonly mode: Mode;
  readonly #bytes: Uint8Array;
  /** One character per byte. */
  readonly #text: string;
  at = 0;

  constructor(bytes: Uint8Array, mode: Mode) {
    this.#bytes = bytes;
    this.#text = decodeLatin1(bytes);
    this.mode = mode;
  }

  fail(expected: string): never {
    const near = JSON.stringify(this.#text.slice(Math.max(0, this.at - 60), this.at)) + " <here> " +
      JSON.stringify(this.#text.slice(this.at, this.at + 60));
    throw new GrammarError(`Expected ${expected} at byte ${this.at}: ${near}`);
  }

  get next(): string {
    return this.#text[this.at] ?? "";
  }

  get atEnd(): boolean {
    return this.at === this.#text.length;
  }

  /** The text from there to here. */
  taken(start: number): string {
    return this.#text.slice(start, this.at);
  }

  // ---- Text ----

  try(text: string): boolean {
    if (!this.#text.startsWith(text, this.at)) return false;
    this.at += text.length;
    return true;
  }

  expect(text: string): void {
    if (!this.try(text)) this.fail(JSON.stringify(text));
  }

  space(): void {
    this.expect(" ");
  }

  /** The end of the response, with nothing before it. */
  end(): void {
    this.expect("\r\n");
    if (!this.atEnd) this.fail("the end of the response");
  }

  /** What the sticky pattern takes here. */
  match(pattern: RegExp, what: string): string {
    return this.tryMatch(pattern) ?? this.fail(what);
  }

  tryMatch(pattern: RegExp): string | null {
    pattern.lastIndex = this.at;
    const found = pattern.exec(this.#text)?.[0] ?? null;
    if (found !== null) this.at += found.length;
    return found;
  }

  atom(what = "an atom"): string {
    return this.match(/[^(){ %*"\\\]\x00-\x1f\x7f-\xff]+/y, what);
  }

  /** In capitals: the words of the grammar have no case. */
  word(what: string): string {
    return this.atom(what).toUpperCase();
  }

  flag(allowed: { readonly recent?: boolean; readonly any?: boolean } = {}): string {
    if (allowed.any === true && this.try("\\*")) return "\\*";
    const flag = this.match(/\\?[^(){ %*"\\\]\x00-\x1f\x7f-\xff]+/y, "a flag");
    if (flag.toLowerCase() === "\\recent" && allowed.recent !== true) this.fail("no \\Recent here");
    return flag;
  }

  // ---- Numbers ----

  number64(): number {
    const digits = this.match(/\d+/y, "a number");
    if (digits.length > 1 && digits.startsWith("0")) this.fail("a number without a zero before it");
    return Number(digits);
  }

  number(): number {
    const value = this.number64();
    return value > UINT32_MAX ? this.fail("a number of 32 bits") : value;
  }

  nonZero(): number {
    const value = this.number();
    return value === 0 ? this.fail("a number greater than zero") : value;
  }

  /** A set of numbers without `*`, as servers send it: pairs of first and last. */
  set(): [number, number][] {
    const ranges: [number, number][] = [];
    do {
      const first = this.nonZero();
      ranges.push([first, this.try(":") ? this.nonZero() : first]);
    } while (this.try(","));
    return ranges;
  }

  // ---- Strings ----

  string(): Uint8Array {
    if (this.next === '"') return this.#quoted();
    if (this.next === "{") return this.#literal();
    return this.fail("a string");
  }

  nstring(): Uint8Array | null {
    return this.try("NIL") ? null : this.string();
  }

  /** A string, NIL, or a literal8 (RFC 3516 section 4.4). */
  nstring8(): Uint8Array | null {
    if (!this.try("~")) return this.nstring();
    return this.#literal({ binary: true });
  }

  /** What extended answers may hold: an astring, NIL or a literal8 (RFC 4466 section 3). */
  nstring8OrAtom(): void {
    if (this.next === "~") this.nstring8();
    else this.astring();
  }

  astring(): string {
    if (this.next === '"' || this.next === "{") return this.#decoded(this.string());
    return this.match(/[^(){ %*"\\\x00-\x1f\x7f-\xff]+/y, "an astring");
  }

  text(): string {
    return this.#decoded(this.string());
  }

  /** A mailbox name: modified UTF-7, or UTF-8 once that is on (RFC 3501 section 5.1.3, RFC 9755 section 3). */
  mailbox(): string {
    const name = this.astring();
    if (this.mode.utf8) return name;
    if (!/^(?:[\x20-\x25\x27-\x7e]|&[A-Za-z0-9+,]*-)*$/.test(name)) this.fail("a name in modified UTF-7");
    return name;
  }

  /** `"dd-Mon-yyyy hh:mm:ss +zzzz"`. */
  dateTime(): string {
    const months = "Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec";
    const pattern = new RegExp(`"[ \\d]\\d-(?:${months})-\\d{4} \\d\\d:\\d\\d:\\d\\d [+-]\\d{4}"`, "y");
    return this.match(pattern, "a date-time");
  }

  // ---- Lists ----

  /** `(item item ...)` with exactly one space between two. */
  list<T>(item: () => T, options: { readonly orEmpty?: boolean } = {}): T[] {
    const items: T[] = [];
    this.expect("(");
    if (options.orEmpty === true && this.try(")")) return items;
    do items.push(item()); while (this.try(" "));
    this.expect(")");
    return items;
  }

  #decoded(bytes: Uint8Array): string {
    return tryDecodeUtf8(bytes) ?? decodeLatin1(bytes);
  }

  #quoted(): Uint8Array {
    const start = this.at;
    const raw = this.match(/"(?:[^"\\\0\r\n]|\\["\\])*"/y, "a quoted string").slice(1, -1);
    const bytes = Uint8Array.from(raw.replace(/\\(.)/g, "$1"), (char) => char.charCodeAt(0));
    const isAscii = bytes.every((byte) => byte < 128);
    if (!isAscii && (!this.mode.utf8 || tryDecodeUtf8(bytes) === null)) {
      this.at = start;
      this.fail(this.mode.utf8 ? "UTF-8 between quotes" : "only ASCII between quotes");
    }
    return bytes;
  }

  #literal({ binary = false } = {}): Uint8Array {
    const header = this.match(/\{(?:0|[1-9]\d*)\}\r\n/y, "a literal's header");
    const end = this.at + Number(header.slice(1, -3));
    if (end > this.#bytes.length) this.fail("as many bytes as the literal announced");
    const bytes = this.#bytes.subarray(this.at, end);
    if (!binary && bytes.includes(0)) this.fail("no NUL in a literal");
    this.at = end;
    return bytes;
  }
}
