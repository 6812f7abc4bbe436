import { encodeUtf8 } from "../../core/bytes.ts";
import { BACKSLASH, CLOSE_BRACKET, isAstringChar, QUOTE } from "./chars.ts";

const FIRST_CAPACITY = 512;
/** Longer strings go out as literals, since some clients read a quoted string into a buffer of fixed size. */
const MAX_QUOTED = 1000;

/**
 * Collects what is to be sent. It grows as it is written to, and `take` hands the bytes over and starts anew, so that
 * a session that says nothing holds nothing.
 */
export class Encoder {
  #bytes: Uint8Array<ArrayBuffer> = EMPTY;
  #length = 0;

  get length(): number {
    return this.#length;
  }

  /** Gives away what was collected. */
  take(): Uint8Array<ArrayBuffer> {
    const taken = this.#bytes.subarray(0, this.#length);
    this.#bytes = EMPTY;
    this.#length = 0;
    return taken;
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
    return this.text(String(value));
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
    return isQuotable(value) ? this.#quoted(value) : this.literal(encodeUtf8(value.replaceAll("\0", "")));
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

  #reserve(more: number): void {
    const needed = this.#length + more;
    if (needed <= this.#bytes.length) return;
    const grown = new Uint8Array(Math.max(FIRST_CAPACITY, needed, 2 * this.#bytes.length));
    grown.set(this.#bytes.subarray(0, this.#length));
    this.#bytes = grown;
  }
}

const EMPTY = new Uint8Array(0);
const QUESTION_MARK = 63;

function isQuotable(value: string): boolean {
  if (value.length > MAX_QUOTED) return false;
  for (let i = 0; i < value.length; i++) {
    const code = value.charCodeAt(i);
    if ((code < 32 && code !== 9) || code > 126) return false;
  }
  return true;
}

function isPlainAtom(value: string): boolean {
  if (value === "" || value.toUpperCase() === "NIL") return false;
  for (let i = 0; i < value.length; i++) {
    const code = value.charCodeAt(i);
    if (code > 126 || code === CLOSE_BRACKET || !isAstringChar(code)) return false;
  }
  return true;
}
