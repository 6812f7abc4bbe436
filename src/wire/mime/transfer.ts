/**
 * Content transfer encodings (RFC 2045 section 6): base64 and quoted-printable as machines that take pieces of
 * any size and never fail. Everything else (7bit, 8bit, binary, unknown names) is handed through as it is.
 */

/** Decodes a stream; the result of `push` belongs to the caller, and may be the very bytes that were pushed. */
export interface TransferDecoder {
  push(bytes: Uint8Array): Uint8Array;
  end(): Uint8Array;
}

const NOTHING = new Uint8Array(0);

export function openTransfer(encoding: string): TransferDecoder {
  switch (encoding.trim().toLowerCase()) {
    case "base64":
      return new Base64Decoder();
    case "quoted-printable":
      return new QuotedPrintableDecoder();
    default:
      return { push: (bytes) => bytes, end: () => NOTHING };
  }
}

/** Undoes a content transfer encoding; what is not valid in it is skipped or kept, never an error. */
export function decodeContent(bytes: Uint8Array, encoding: string): Uint8Array {
  const decoder = openTransfer(encoding);
  const body = decoder.push(bytes);
  const rest = decoder.end();
  if (rest.length === 0) return body;
  const whole = new Uint8Array(body.length + rest.length);
  whole.set(body);
  whole.set(rest, body.length);
  return whole;
}

// ---- base64 (RFC 2045 section 6.8) ----

const PAD = 64;
const OTHER = 128;
const SEXTETS = sextetTable();

function sextetTable(): Uint8Array {
  const table = new Uint8Array(256).fill(OTHER);
  const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  for (let i = 0; i < alphabet.length; i++) table[alphabet.charCodeAt(i)] = i;
  table["=".charCodeAt(0)] = PAD;
  return table;
}

/** Skips what is not of the alphabet. After padding it starts anew, as for encoded pieces put one after another. */
class Base64Decoder implements TransferDecoder {
  #bits = 0;
  #count = 0;

  push(bytes: Uint8Array): Uint8Array {
    const out = new Uint8Array(Math.ceil((bytes.length + 4) * 3 / 4));
    let length = 0;
    for (let i = 0; i < bytes.length; i++) {
      if (this.#count === 0) {
        while (i + 3 < bytes.length) {
          const a = SEXTETS[bytes[i]!]!;
          const b = SEXTETS[bytes[i + 1]!]!;
          const c = SEXTETS[bytes[i + 2]!]!;
          const d = SEXTETS[bytes[i + 3]!]!;
          if ((a | b | c | d) > 63) break;
          out[length++] = a << 2 | b >> 4;
          out[length++] = b << 4 | c >> 2;
          out[length++] = c << 6 | d;
          i += 4;
        }
        if (i >= bytes.length) break;
      }
      const sextet = SEXTETS[bytes[i]!]!;
      if (sextet === OTHER) continue;
      if (sextet === PAD) {
        length = this.#flush(out, length);
        continue;
      }
      this.#bits = this.#bits << 6 | sextet;
      if (++this.#count === 4) {
        out[length++] = this.#bits >> 16;
        out[length++] = this.#bits >> 8;
        out[length++] = this.#bits;
        this.#bits = this.#count = 0;
      }
    }
    return out.subarray(0, length);
  }

  end(): Uint8Array {
    const out = new Uint8Array(2);
    return out.subarray(0, this.#flush(out, 0));
  }

  /** Writes the one or two whole bytes of an unfinished group of four. */
  #flush(out: Uint8Array, at: number): number {
    let length = at;
    if (this.#count === 2) {
      out[length++] = this.#bits >> 4;
    } else if (this.#count === 3) {
      out[length++] = this.#bits >> 10;
      out[length++] = this.#bits >> 2;
    }
    this.#bits = this.#count = 0;
    return length;
  }
}

// ---- quoted-printable (RFC 2045 section 6.7) ----

const TAB = 9;
const LF = 10;
const CR = 13;
const SPACE = 32;
const EQUALS = 61;

/** More white space than this in one run is kept even at the end of a line, so that memory stays bounded. */
const SPACES_HELD = 1024;

/** The value of a hexadecimal digit, or -1. */
export function hexValue(code: number): number {
  if (code >= 48 && code <= 57) return code - 48;
  const upper = code & 0xdf;
  return upper >= 65 && upper <= 70 ? upper - 55 : -1;
}

/**
 * States: `text`; `escape` after an equals sign; `hex` after its first digit; `soft` in the white space between
 * an equals sign and the line's end; `soft-cr` after its CR. White space is held until we know that the line goes on.
 */
class QuotedPrintableDecoder implements TransferDecoder {
  #state: "text" | "escape" | "hex" | "soft" | "soft-cr" = "text";
  #digit = 0;
  #spaces: Uint8Array = NOTHING;
  #held = 0;
  #out: Uint8Array = NOTHING;
  #length = 0;

  push(bytes: Uint8Array): Uint8Array {
    this.#begin(bytes.length);
    let i = 0;
    while (i < bytes.length) {
      if (this.#state === "text" && this.#held === 0) i = this.#plain(bytes, i);
      if (i === bytes.length) break;
      const byte = bytes[i++]!;
      // An escape that turns out to be none leaves its byte to be read as text.
      if (this.#state === "text" || !this.#escaped(byte)) this.#text(byte);
    }
    return this.#out.subarray(0, this.#length);
  }

  end(): Uint8Array {
    this.#begin(0);
    if (this.#state === "hex") this.#keep(EQUALS, this.#digit);
    this.#state = "text";
    // Section 6.7 rule 3: white space at the end of a line was added on the way.
    this.#held = 0;
    return this.#out.subarray(0, this.#length);
  }

  /** Copies bytes that stand for themselves, the bulk of most texts, and returns where they end. */
  #plain(bytes: Uint8Array, from: number): number {
    const out = this.#out;
    let length = this.#length;
    let i = from;
    for (; i < bytes.length; i++) {
      const byte = bytes[i]!;
      if (byte === EQUALS) break;
      // A single space between words needs no holding back.
      if (byte <= SPACE && !(byte === SPACE && bytes[i + 1]! > SPACE)) break;
      out[length++] = byte;
    }
    this.#length = length;
    return i;
  }

  #begin(length: number): void {
    this.#out = new Uint8Array(length + this.#held + 4);
    this.#length = 0;
  }

  #text(byte: number): void {
    if (byte === SPACE || byte === TAB) {
      if (this.#spaces.length === 0) this.#spaces = new Uint8Array(SPACES_HELD);
      if (this.#held === SPACES_HELD) this.#release();
      this.#spaces[this.#held++] = byte;
      return;
    }
    if (byte === CR || byte === LF) this.#held = 0;
    else if (this.#held > 0) this.#release();
    if (byte === EQUALS) this.#state = "escape";
    else this.#out[this.#length++] = byte;
  }

  /** Whether the byte belonged to what follows an equals sign; otherwise the state is `text` again. */
  #escaped(byte: number): boolean {
    const state = this.#state;
    this.#state = "text";
    if (state === "soft-cr") return byte === LF;
    if (state === "hex") {
      const low = hexValue(byte);
      if (low >= 0) this.#out[this.#length++] = hexValue(this.#digit) << 4 | low;
      else this.#keep(EQUALS, this.#digit);
      return low >= 0;
    }
    if (byte === LF) return true;
    if (byte === CR) this.#state = "soft-cr";
    else if (byte === SPACE || byte === TAB) this.#state = "soft";
    else if (state === "escape" && hexValue(byte) >= 0) {
      this.#state = "hex";
      this.#digit = byte;
    } else {
      if (state === "soft") this.#keep(EQUALS, SPACE);
      else this.#keep(EQUALS);
      return false;
    }
    return true;
  }

  #release(): void {
    this.#out.set(this.#spaces.subarray(0, this.#held), this.#length);
    this.#length += this.#held;
    this.#held = 0;
  }

  #keep(...bytes: number[]): void {
    for (const byte of bytes) this.#out[this.#length++] = byte;
  }
}
