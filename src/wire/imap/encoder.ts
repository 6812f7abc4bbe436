import { encodeUtf8 } from "../../core/bytes.ts";
import { BACKSLASH, CLOSE_BRACKET, isAstringChar, QUOTE } from "./chars.ts";

const FIRST_CAPACITY = 512;
/** An encoder that was emptied of so much begins with the capacity that was enough for it, within a bound. */
const MUCH = 16 * 1024;
const MOST_AGAIN = 128 * 1024;
/** Longer strings go out as literals, since some clients read a quoted string into a buffer of fixed size. */
const MAX_QUOTED = 1000;

/**
 * Collects what is to be sent. It grows as it is written to, and `take` hands the bytes over and starts anew, so that
 * a session that says nothing holds nothing; one that has just said much begins with as much, since it goes on as a rule.
 */
export class Encoder {
  #bytes: Uint8Array<ArrayBuffer> = EMPTY;
  #length = 0;
  /** The capacity to begin with. */
  #first = FIRST_CAPACITY;
  /** Whether quoted strings may hold UTF-8, and mailbox names are it: once the client has asked for that (RFC 9755 section 3). */
  utf8 = false;
  /** Whether what was written would look otherwise with `utf8` switched on or off. */
  dependsOnUtf8 = false;

  get length(): number {
    return this.#length;
  }

  /** Gives away what was collected. */
  take(): Uint8Array<ArrayBuffer> {
    const taken = this.#bytes.subarray(0, this.#length);
    this.#first = this.#length < MUCH ? FIRST_CAPACITY : Math.min(this.#bytes.length, MOST_AGAIN);
    this.#bytes = EMPTY;
    this.#length = 0;
    return taken;
  }

  /** Gives back what `take` gave away, to be written over, by whoever goes on writing much. */
  reuse(taken: Uint8Array<ArrayBuffer>): void {
    if (this.#bytes.length === 0) this.#bytes = new Uint8Array(taken.buffer);
  }

  /** Takes back everything that was written since the length was `mark`. */
  rewind(mark: number): void {
    this.#length = Math.min(this.#length, mark);
  }

  /** ASCII text as it is: words and punctuation of the grammar. Anything else in it would become `?`. */
  text(ascii: string): this {
    this.#reserve(ascii.length);
    const bytes = this.#bytes;
    let at = this.#length;
    for (let i = 0; i < ascii.length; i++) {
      const code = ascii.charCodeAt(i);
      bytes[at++] = code < 128 ? code : QUESTION_MARK;
    }
    this.#length = at;
    return this;
  }

  number(value: number): this {
    if (!(value >= 0 && value <= 0x7fffffff)) return this.text(String(value));
    this.#reserve(10);
    let end = this.#length + 1;
    for (let bound = 10; bound <= value; bound *= 10) end++;
    for (let at = end, rest = value; at-- > this.#length; rest = (rest / 10) | 0) {
      this.#bytes[at] = ZERO + rest % 10;
    }
    this.#length = end;
    return this;
  }

  bytes(bytes: Uint8Array): this {
    this.#reserve(bytes.length);
    this.#bytes.set(bytes, this.#length);
    this.#length += bytes.length;
    return this;
  }

  line(ascii: string): this {
    return this.text(ascii).text("\r\n");
  }

  /** A string: quoted where the grammar allows it, else a literal (RFC 3501 section 4.3). */
  string(value: string): this {
    switch (quotability(value)) {
      case "ascii":
        return this.#quoted(value);
      case "utf8":
        this.dependsOnUtf8 = true;
        if (this.utf8) return this.#quotedBytes(encodeUtf8(value));
    }
    return this.literal(encodeUtf8(value.replaceAll("\0", "")));
  }

  nstring(value: string | null): this {
    return value === null ? this.text("NIL") : this.string(value);
  }

  /** An atom where it can be one, else a string. `]` is refused in atoms, so that it may stand in brackets. */
  astring(value: string): this {
    return isPlainAtom(value) ? this.text(value) : this.string(value);
  }

  literal(bytes: Uint8Array): this {
    return this.literalHeader(bytes.length).bytes(bytes);
  }

  /** Announces so many bytes, which whoever calls this sends next. */
  literalHeader(size: number): this {
    return this.text(`{${size}}\r\n`);
  }

  #quoted(value: string): this {
    this.#reserve(2 * value.length + 2);
    const bytes = this.#bytes;
    let at = this.#length;
    bytes[at++] = QUOTE;
    for (let i = 0; i < value.length; i++) {
      const code = value.charCodeAt(i);
      if (code === QUOTE || code === BACKSLASH) bytes[at++] = BACKSLASH;
      bytes[at++] = code;
    }
    bytes[at++] = QUOTE;
    this.#length = at;
    return this;
  }

  #quotedBytes(utf8: Uint8Array): this {
    this.#reserve(2 * utf8.length + 2);
    const bytes = this.#bytes;
    let at = this.#length;
    bytes[at++] = QUOTE;
    for (const byte of utf8) {
      if (byte === QUOTE || byte === BACKSLASH) bytes[at++] = BACKSLASH;
      bytes[at++] = byte;
    }
    bytes[at++] = QUOTE;
    this.#length = at;
    return this;
  }

  #reserve(more: number): void {
    const needed = this.#length + more;
    if (needed <= this.#bytes.length) return;
    const grown = new Uint8Array(Math.max(this.#first, needed, 2 * this.#bytes.length));
    grown.set(this.#bytes.subarray(0, this.#length));
    this.#bytes = grown;
  }
}

const EMPTY = new Uint8Array(0);
const ZERO = 48;
const QUESTION_MARK = 63;

/** How the value may stand between quotes, if at all (RFC 3501 section 9 `quoted`, RFC 9755 section 3 `QUOTED-CHAR`). */
function quotability(value: string): "ascii" | "utf8" | "never" {
  if (value.length > MAX_QUOTED) return "never";
  let isAscii = true;
  for (let i = 0; i < value.length; i++) {
    const code = value.charCodeAt(i);
    if ((code < 32 && code !== 9) || code === 127) return "never";
    if (code > 127) isAscii = false;
  }
  return isAscii ? "ascii" : "utf8";
}

function isPlainAtom(value: string): boolean {
  if (value === "" || value.toUpperCase() === "NIL") return false;
  for (let i = 0; i < value.length; i++) {
    const code = value.charCodeAt(i);
    if (code > 126 || code === CLOSE_BRACKET || !isAstringChar(code)) return false;
  }
  return true;
}
