/**
 * A strict reader of what a server sends, written against the grammar of RFC 3501 section 9 and nothing of ours: lists,
 * quoted strings, literals, atoms. What the grammar does not allow is an error.
 */
export type Value = string | null | Value[] | { readonly literal: Uint8Array };

export class ResponseParser {
  readonly #bytes: Uint8Array;
  at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  get done(): boolean {
    return this.at >= this.#bytes.length;
  }

  /** One value; a list holds values with one space between them, except that bodies in a multipart stand without. */
  value(): Value {
    const byte = this.#char();
    if (byte === "[") throw new Error(`A bracket at ${this.at}`);
    if (byte === "(") return this.#list();
    if (byte === '"') return this.#quoted();
    if (byte === "{") return this.#literal();
    return this.#atom();
  }

  expect(text: string): void {
    for (const char of text) {
      if (this.#char() !== char) throw new Error(`Expected ${JSON.stringify(text)} at ${this.at}`);
      this.at++;
    }
  }

  tryText(text: string): boolean {
    for (let i = 0; i < text.length; i++) {
      if (this.#bytes[this.at + i] !== text.charCodeAt(i)) return false;
    }
    this.at += text.length;
    return true;
  }

  /** A word and the space behind it. */
  untilSpace(): string {
    const word = this.untilSpaceOrEnd();
    if (this.#bytes[this.at - 1] !== 32) throw new Error(`Expected a space after ${word}`);
    return word;
  }

  /** A word, and the space behind it if there is one. */
  untilSpaceOrEnd(): string {
    let word = "";
    while (!/[ \r\n]/.test(this.#char())) {
      word += this.#char();
      this.at++;
    }
    if (word === "") throw new Error(`Expected a word at ${this.at}`);
    if (this.#char() === " ") this.at++;
    return word;
  }

  restOfLine(): string {
    let text = "";
    while (this.#char() !== "\r") {
      text += this.#char();
      this.at++;
    }
    this.expect("\r\n");
    return text;
  }

  /** A list of flags, which may be empty. */
  flags(): string[] {
    const match = /^\(([^()]*)\)/.exec(new TextDecoder().decode(this.#bytes.subarray(this.at)));
    if (match === null) throw new Error(`Expected flags at ${this.at}`);
    this.at += match[0].length;
    const flags = match[1] === "" ? [] : match[1]!.split(" ");
    for (const flag of flags) {
      if (!/^\\?[^(){ \x00-\x1f%*"\\\]\x7f-\xff]+$/.test(flag)) throw new Error(`No flag: ${flag}`);
    }
    return flags;
  }

  /** The name of a FETCH item with its section, and the space behind it. */
  itemName(): string {
    let name = "";
    while (/[A-Z0-9.]/.test(this.#char())) {
      name += this.#char();
      this.at++;
    }
    if (this.#char() === "[") {
      const start = this.at;
      while (this.#char() !== "]") {
        // A field name may be a string with anything in it.
        if (this.#char() === "(") this.value();
        else this.at++;
      }
      this.at++;
      if (this.#char() === "<") { while (this.#char() !== " ") this.at++; }
      name += String.fromCharCode(...this.#bytes.subarray(start, this.at));
    }
    this.expect(" ");
    return name;
  }

  #char(): string {
    const byte = this.#bytes[this.at];
    if (byte === undefined) throw new Error("The answer ends too early");
    return String.fromCharCode(byte);
  }

  #list(): Value[] {
    const items: Value[] = [];
    this.expect("(");
    if (this.#char() === ")") throw new Error(`An empty list at ${this.at}`);
    for (;;) {
      items.push(this.value());
      if (this.#char() === ")") break;
      if (!(Array.isArray(items.at(-1)) && this.#char() === "(")) this.expect(" ");
    }
    this.expect(")");
    return items;
  }

  #quoted(): string {
    this.expect('"');
    let text = "";
    while (this.#char() !== '"') {
      if (this.#char() === "\\") {
        this.at++;
        if (!'"\\'.includes(this.#char())) throw new Error("A backslash before another character");
      }
      const char = this.#char();
      if (char === "\r" || char === "\n" || char === "\0" || char > "\x7f") {
        throw new Error(`Character ${char.charCodeAt(0)} in a quoted string`);
      }
      text += char;
      this.at++;
    }
    this.at++;
    return text;
  }

  #literal(): Value {
    this.expect("{");
    let digits = "";
    while (this.#char() !== "}") {
      if (!/[0-9]/.test(this.#char())) throw new Error("A literal's size must be digits");
      digits += this.#char();
      this.at++;
    }
    this.expect("}\r\n");
    const end = this.at + Number(digits);
    if (end > this.#bytes.length) throw new Error("A literal is shorter than announced");
    const literal = this.#bytes.slice(this.at, end);
    if (literal.includes(0)) throw new Error("NUL in a literal");
    this.at = end;
    return { literal };
  }

  #atom(): string | null {
    let text = "";
    while (!this.done && /[^(){ \x00-\x1f%*"\\\x7f-\xff]/.test(this.#char())) {
      text += this.#char();
      this.at++;
    }
    if (text === "") throw new Error(`Nothing readable at ${this.at}: ${JSON.stringify(this.#char())}`);
    return text === "NIL" ? null : text;
  }
}

/** Text of a string value, quoted or literal. */
export function textOf(value: Value | undefined): string | null {
  if (value === null || typeof value === "string") return value;
  if (value === undefined || Array.isArray(value)) throw new Error("Expected a string");
  return new TextDecoder().decode(value.literal);
}
