import { type Position, SieveError } from "./errors.ts";

export type Token =
  /** Lower case. */
  | { readonly kind: "identifier" | "tag"; readonly text: string; readonly at: Position }
  | { readonly kind: "string"; readonly text: string; readonly at: Position }
  | { readonly kind: "number"; readonly value: number; readonly at: Position }
  | { readonly kind: "mark"; readonly text: Mark; readonly at: Position }
  | { readonly kind: "end"; readonly at: Position };

export type Mark = "(" | ")" | "[" | "]" | "{" | "}" | "," | ";";

const MARKS = "()[]{},;";
/** RFC 5228 section 2.4.1: at least 31 bits; ours stay exact. */
const MAX_NUMBER = Number.MAX_SAFE_INTEGER;
const FACTORS: ReadonlyMap<string, number> = new Map([["k", 2 ** 10], ["m", 2 ** 20], ["g", 2 ** 30]]);

/**
 * Cuts a script into tokens (RFC 5228 section 8.1). It goes over the text once, from left to right, and each character is
 * looked at a fixed number of times. Line ends may be CR LF or a lone LF, as people's editors make them; in the strings
 * they are CR LF again.
 */
export class Tokens {
  readonly #text: string;
  #at = 0;
  #line = 1;
  #lineStart = 0;

  constructor(text: string) {
    this.#text = text;
    const nul = text.indexOf("\0");
    if (nul < 0) return;
    // Section 2.1.
    this.#advance(nul);
    throw new SieveError(this.#position(), "A script cannot hold NUL");
  }

  next(): Token {
    this.#skipBlank();
    const at = this.#position();
    const char = this.#text[this.#at];
    if (char === undefined) return { kind: "end", at };
    if (MARKS.includes(char)) {
      this.#at++;
      return { kind: "mark", text: char as Mark, at };
    }
    if (char === '"') return { kind: "string", text: this.#quoted(at), at };
    if (char === ":") return { kind: "tag", text: this.#tag(at), at };
    if (isDigit(char)) return { kind: "number", value: this.#number(at), at };
    if (!isIdentifierStart(char)) throw new SieveError(at, `No word of Sieve begins with ${show(char)}`);
    const text = this.#identifier();
    if (text === "text" && this.#text[this.#at] === ":") return { kind: "string", text: this.#lines(at), at };
    return { kind: "identifier", text, at };
  }

  // ---- What counts for nothing ----

  /** White space and comments (section 2.3). */
  #skipBlank(): void {
    for (;;) {
      const char = this.#text[this.#at];
      if (char === " " || char === "\t" || char === "\r") this.#at++;
      else if (char === "\n") this.#newLine();
      else if (char === "#") this.#skipLine();
      else if (char === "/" && this.#text[this.#at + 1] === "*") this.#skipComment();
      else return;
    }
  }

  #skipLine(): void {
    const end = this.#text.indexOf("\n", this.#at);
    this.#at = end < 0 ? this.#text.length : end;
  }

  #skipComment(): void {
    const at = this.#position();
    const end = this.#text.indexOf("*/", this.#at + 2);
    if (end < 0) throw new SieveError(at, "The comment that begins here has no */ at its end");
    this.#advance(end + 2);
  }

  // ---- Words and numbers ----

  #identifier(): string {
    const start = this.#at;
    while (isIdentifierPart(this.#text[this.#at])) this.#at++;
    return this.#text.slice(start, this.#at).toLowerCase();
  }

  #tag(at: Position): string {
    this.#at++;
    if (!isIdentifierStart(this.#text[this.#at])) {
      throw new SieveError(at, "A colon must be followed by the name of a tag");
    }
    return this.#identifier();
  }

  #number(at: Position): number {
    let value = 0;
    for (let char; isDigit(char = this.#text[this.#at]); this.#at++) value = value * 10 + Number(char);
    const factor = FACTORS.get(this.#text[this.#at]?.toLowerCase() ?? "");
    if (factor !== undefined) {
      this.#at++;
      value *= factor;
    }
    if (value > MAX_NUMBER) throw new SieveError(at, "The number is too large");
    if (isIdentifierPart(this.#text[this.#at])) {
      throw new SieveError(at, "A number may end in K, M or G and nothing else");
    }
    return value;
  }

  // ---- Strings ----

  /** Section 2.4.2: a backslash makes the next character stand for itself. */
  #quoted(at: Position): string {
    const parts: string[] = [];
    let from = ++this.#at;
    for (;; this.#at++) {
      const char = this.#text[this.#at];
      if (char === undefined) throw new SieveError(at, "The string that begins here has no closing quote");
      if (char !== '"' && char !== "\\") {
        if (char === "\n") this.#noteLine(this.#at + 1);
        continue;
      }
      parts.push(this.#text.slice(from, this.#at));
      if (char === '"') break;
      from = ++this.#at;
      if (this.#text[this.#at] === "\n") this.#noteLine(this.#at + 1);
    }
    this.#at++;
    return withCrlf(parts.join(""));
  }

  /** Section 2.4.2: `text:`, then lines up to one with a dot alone; of two dots at the start of a line the first goes. */
  #lines(at: Position): string {
    this.#at++;
    while (this.#text[this.#at] === " " || this.#text[this.#at] === "\t") this.#at++;
    if (this.#text[this.#at] === "#") this.#skipLine();
    if (this.#text[this.#at] === "\r") this.#at++;
    if (this.#text[this.#at] !== "\n") throw new SieveError(at, "After text: the line must end");
    this.#newLine();
    const lines: string[] = [];
    for (;;) {
      const end = this.#text.indexOf("\n", this.#at);
      const stop = end < 0 ? this.#text.length : end;
      const line = withoutCr(this.#text.slice(this.#at, stop));
      if (end < 0 && line !== ".") {
        throw new SieveError(at, 'The text that begins here has no line with "." alone');
      }
      this.#at = stop;
      if (end >= 0) this.#newLine();
      if (line === ".") return lines.join("");
      lines.push(line.startsWith("..") ? line.slice(1) : line, "\r\n");
    }
  }

  // ---- Places ----

  #position(): Position {
    return { line: this.#line, column: this.#at - this.#lineStart + 1 };
  }

  #newLine(): void {
    this.#at++;
    this.#noteLine(this.#at);
  }

  #noteLine(start: number): void {
    this.#line++;
    this.#lineStart = start;
  }

  /** Goes to a place further on and counts the lines up to there. */
  #advance(to: number): void {
    for (
      let at = this.#text.indexOf("\n", this.#at);
      at >= 0 && at < to;
      at = this.#text.indexOf("\n", at + 1)
    ) {
      this.#noteLine(at + 1);
    }
    this.#at = to;
  }
}

function isDigit(char: string | undefined): boolean {
  return char !== undefined && char >= "0" && char <= "9";
}

function isIdentifierStart(char: string | undefined): boolean {
  return char !== undefined && ((char >= "a" && char <= "z") || (char >= "A" && char <= "Z") || char === "_");
}

function isIdentifierPart(char: string | undefined): boolean {
  return isIdentifierStart(char) || isDigit(char);
}

function withoutCr(line: string): string {
  return line.endsWith("\r") ? line.slice(0, -1) : line;
}

/** A lone LF as CR LF, which is what mail has. */
function withCrlf(text: string): string {
  if (!text.includes("\n")) return text;
  const lines = text.split("\n");
  return lines.map((line, place) => place < lines.length - 1 ? withoutCr(line) : line).join("\r\n");
}

function show(char: string): string {
  const code = char.codePointAt(0)!;
  return code < 33 || code > 126 ? `U+${code.toString(16).toUpperCase().padStart(4, "0")}` : `"${char}"`;
}
