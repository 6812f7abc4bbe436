import { concatBytes, CR, decodeLatin1, LF, tryDecodeUtf8 } from "../core/bytes.ts";

/** A From or Sender field of a submitted message. */
export interface AuthorField {
  readonly name: "from" | "sender";
  /** Unfolded; null when it is longer than anybody's list of authors. */
  readonly value: string | null;
}

/** Who gets a blind copy is nobody else's business (RFC 5322 section 3.6.3), also when it is sent again. */
const REMOVED = new Set(["bcc", "resent-bcc"]);
const VALUE_LIMIT = 16 * 1024;
/** Two of a kind are one too many already; a header of nothing else must not fill the memory. */
const FIELD_LIMIT = 8;
/** No name that we look for is longer. */
const NAME_LIMIT = 32;

const COLON = 58;
const SPACE = 32;
const TAB = 9;

type State =
  /** At the first byte of a line. */
  | "line-start"
  /** A line began with CR; with LF next the header ends. */
  | "cr-at-line-start"
  | "name"
  | "value"
  | "body";

type Fate = "pass" | "drop" | "keep";

/**
 * Passes a submitted message on without its Bcc fields, and keeps its From and Sender fields for the check. It works on
 * the header alone, byte by byte at the beginning of lines and by whole lines within values; the body goes by untouched
 * and uncopied. What it holds back is the name of one field at most.
 */
export class SubmissionHeader {
  #state: State = "line-start";
  /** Bytes of a line whose fate is not known yet. */
  #held: number[] = [];
  #fate: Fate = "pass";
  readonly #authors: { readonly name: "from" | "sender"; readonly parts: Uint8Array[]; size: number }[] = [];

  /** What there is to pass on of this chunk, and of what was held back before. */
  write(chunk: Uint8Array): Uint8Array {
    if (this.#state === "body") return chunk;
    const out: Uint8Array[] = [];
    let at = 0;
    while (at < chunk.length) {
      // The state changes within the loop, which the type checker cannot see.
      const state = this.#state as State;
      if (state === "body") {
        out.push(chunk.subarray(at));
        break;
      }
      at = state === "value" ? this.#value(chunk, at, out) : this.#step(chunk[at]!, at, out);
    }
    return out.length === 1 && out[0]!.length === chunk.length ? out[0]! : concatBytes(out);
  }

  /** The end of the message: what was held back. */
  finish(): Uint8Array {
    const rest = Uint8Array.from(this.#held);
    this.#held = [];
    return rest;
  }

  get authors(): readonly AuthorField[] {
    return this.#authors.map(({ name, parts, size }) => {
      if (size > VALUE_LIMIT) return { name, value: null };
      const bytes = concatBytes(parts);
      return { name, value: (tryDecodeUtf8(bytes) ?? decodeLatin1(bytes)).replace(/\r?\n/g, "").trim() };
    });
  }

  #step(byte: number, at: number, out: Uint8Array[]): number {
    if (this.#state === "line-start") return this.#lineStart(byte, at, out);
    this.#held.push(byte);
    if (this.#state === "cr-at-line-start") {
      this.#release(out);
      this.#state = byte === LF ? "body" : "value";
    } else if (byte === COLON) this.#endName(out);
    else if (byte === LF) {
      this.#release(out);
      this.#state = "line-start";
    } else if (this.#held.length > NAME_LIMIT) {
      this.#release(out);
      this.#state = "value";
    }
    return at + 1;
  }

  #lineStart(byte: number, at: number, out: Uint8Array[]): number {
    // A continuation shares the fate of its field.
    if (byte === SPACE || byte === TAB) {
      this.#state = "value";
      return at;
    }
    this.#fate = "pass";
    this.#held.push(byte);
    if (byte === LF) {
      this.#release(out);
      this.#state = "body";
    } else this.#state = byte === CR ? "cr-at-line-start" : "name";
    return at + 1;
  }

  #endName(out: Uint8Array[]): void {
    // White space before the colon is obsolete syntax that still must be understood (RFC 5322 section 4.5).
    const name = String.fromCharCode(...this.#held.slice(0, -1)).trimEnd().toLowerCase();
    this.#state = "value";
    if (REMOVED.has(name)) {
      this.#fate = "drop";
      this.#held = [];
      return;
    }
    if ((name === "from" || name === "sender") && this.#authors.length < FIELD_LIMIT) {
      this.#fate = "keep";
      this.#authors.push({ name, parts: [], size: 0 });
    }
    this.#release(out);
  }

  #value(chunk: Uint8Array, at: number, out: Uint8Array[]): number {
    const lf = chunk.indexOf(LF, at);
    const end = lf < 0 ? chunk.length : lf + 1;
    const bytes = chunk.subarray(at, end);
    if (this.#fate !== "drop") out.push(bytes);
    if (this.#fate === "keep") this.#keep(bytes);
    if (lf >= 0) this.#state = "line-start";
    return end;
  }

  #keep(bytes: Uint8Array): void {
    const author = this.#authors.at(-1)!;
    author.size += bytes.length;
    // A copy: whoever stores the chunk takes it over.
    if (author.size <= VALUE_LIMIT) author.parts.push(bytes.slice());
  }

  #release(out: Uint8Array[]): void {
    out.push(Uint8Array.from(this.#held));
    this.#held = [];
  }
}
