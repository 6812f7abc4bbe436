import { decodeLatin1, encodeLatin1 } from "../../../core/bytes.ts";
import { ProtocolError } from "../../../core/errors.ts";

/** What stands in a server's response: a word, a string (quoted or literal), or a list in parentheses. */
export type ImapValue =
  | { readonly kind: "atom"; readonly text: string }
  | { readonly kind: "string"; readonly bytes: Uint8Array }
  | { readonly kind: "list"; readonly items: readonly ImapValue[] };

/** A piece of a response: text, one character a byte, and the literal that followed it. */
export interface ResponsePart {
  readonly text: string;
  readonly literal: Uint8Array | null;
}

/** No response that we ask for nests deeper. */
const MAX_DEPTH = 20;

/** How long the literal is that a line announces at its end (RFC 3501 section 4.3, RFC 3516 section 4.3); null when there is none. */
export function literalLength(line: string): number | null {
  if (!line.endsWith("}")) return null;
  const open = line.lastIndexOf("{");
  const digits = line.slice(open + 1, -1).replace(/\+$/, "");
  if (open < 0 || !/^[0-9]{1,15}$/.test(digits)) return null;
  return Number(digits);
}

/** The text before what announces the literal. */
export function beforeLiteral(line: string): string {
  const text = line.slice(0, line.lastIndexOf("{"));
  return text.endsWith("~") ? text.slice(0, -1) : text;
}

/** Reads values from a response's pieces, from left to right; its depth is bounded, so is its time. */
export class ValueReader {
  readonly #parts: readonly ResponsePart[];
  #part = 0;
  #at = 0;

  constructor(parts: readonly ResponsePart[]) {
    this.#parts = parts;
  }

  /** Everything that is left, as one list. */
  rest(): readonly ImapValue[] {
    const stack: ImapValue[][] = [[]];
    for (;;) {
      this.#skipSpace();
      const text = this.#text;
      const top = stack.at(-1)!;
      if (this.#at >= text.length) {
        const literal = this.#parts[this.#part]?.literal ?? null;
        if (literal !== null) top.push({ kind: "string", bytes: literal });
        if (++this.#part >= this.#parts.length) break;
        this.#at = 0;
      } else if (text[this.#at] === "(") {
        if (stack.length >= MAX_DEPTH) throw new ProtocolError("It sent lists that are nested too deeply");
        this.#at++;
        stack.push([]);
      } else if (text[this.#at] === ")") {
        if (stack.length === 1) throw new ProtocolError("It sent a list that ends before it begins");
        this.#at++;
        stack.pop();
        stack.at(-1)!.push({ kind: "list", items: top });
      } else {
        top.push(text[this.#at] === '"' ? this.#quoted() : this.#atom());
      }
    }
    if (stack.length !== 1) throw new ProtocolError("It sent a list without an end");
    return stack[0]!;
  }

  get #text(): string {
    return this.#parts[this.#part]?.text ?? "";
  }

  #skipSpace(): void {
    while (this.#text[this.#at] === " ") this.#at++;
  }

  #quoted(): ImapValue {
    const text = this.#text;
    let out = "";
    let from = ++this.#at;
    for (; this.#at < text.length; this.#at++) {
      const character = text[this.#at];
      if (character === '"') {
        out += text.slice(from, this.#at++);
        return { kind: "string", bytes: encodeLatin1(out) };
      }
      if (character !== "\\") continue;
      out += text.slice(from, this.#at);
      from = ++this.#at;
    }
    throw new ProtocolError("It sent a quoted string without an end");
  }

  /** In `BODY[HEADER.FIELDS (DATE)]` what stands in the brackets belongs to the word. */
  #atom(): ImapValue {
    const text = this.#text;
    const start = this.#at;
    for (let inside = false; this.#at < text.length; this.#at++) {
      const character = text[this.#at]!;
      if (character === "[") inside = true;
      else if (character === "]") inside = false;
      else if (!inside && (character === " " || character === "(" || character === ")")) break;
    }
    return { kind: "atom", text: text.slice(start, this.#at) };
  }
}

/** The text of a word or string, one character a byte; null for a list, and for NIL. */
export function textOf(value: ImapValue | undefined): string | null {
  if (value === undefined || value.kind === "list") return null;
  if (value.kind === "string") return decodeLatin1(value.bytes);
  return value.text.toUpperCase() === "NIL" ? null : value.text;
}

/** A number of at most 32 bits (RFC 3501 section 9, `number`), or up to 2^53 (RFC 9051); null for anything else. */
export function numberOf(value: ImapValue | undefined): number | null {
  const text = value?.kind === "atom" ? value.text : "";
  return /^[0-9]{1,15}$/.test(text) ? Number(text) : null;
}
