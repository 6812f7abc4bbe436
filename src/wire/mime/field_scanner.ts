/**
 * What all structured field values share (RFC 5322 section 3.2): white space, comments, quoted strings. A comment
 * or a quoted string that is never closed is taken for a stray character, and that none can be closed any more is
 * remembered, so that a field full of them costs no more than one pass.
 */
export class FieldScanner {
  readonly text: string;
  at = 0;
  /** The text of the last comment that `skipBlank` passed; the caller may reset it. */
  comment: string | null = null;
  #openComment = false;
  #openQuote = false;

  constructor(text: string) {
    this.text = text;
  }

  get done(): boolean {
    return this.at >= this.text.length;
  }

  /** The character at the cursor; empty at the end. */
  get peek(): string {
    return this.text[this.at] ?? "";
  }

  /** Passes white space and comments; true when there were any. */
  skipBlank(): boolean {
    const from = this.at;
    for (;;) {
      const code = this.text.charCodeAt(this.at);
      if (isSpace(code)) this.at++;
      else if (code !== 40 || !this.#skipComment()) return this.at > from;
    }
  }

  /** Reads the quoted string at the cursor, without its quotes and backslashes; null when there is none, or no end. */
  quoted(): string | null {
    if (this.peek !== '"' || this.#openQuote) return null;
    const { text } = this;
    let plain = true;
    for (let i = this.at + 1; i < text.length; i++) {
      const code = text.charCodeAt(i);
      if (code === 34) {
        const inner = text.slice(this.at + 1, i);
        this.at = i + 1;
        return plain ? inner : unescape(inner);
      }
      if (code === 92) {
        plain = false;
        i++;
      }
    }
    this.#openQuote = true;
    return null;
  }

  /** Comments nest (section 3.2.2); this counts, it does not recurse. */
  #skipComment(): boolean {
    if (this.#openComment) return false;
    const { text } = this;
    let depth = 0;
    for (let i = this.at; i < text.length; i++) {
      const code = text.charCodeAt(i);
      if (code === 92) i++;
      else if (code === 40) depth++;
      else if (code === 41 && --depth === 0) {
        this.comment = unescape(text.slice(this.at + 1, i)).trim();
        this.at = i + 1;
        return true;
      }
    }
    this.#openComment = true;
    return false;
  }
}

/** SP, HTAB, CR, LF. */
export function isSpace(code: number): boolean {
  return code === 32 || code === 9 || code === 13 || code === 10;
}

/** Takes `isSpace` characters off both ends, and only those. */
export function trimSpace(text: string): string {
  let start = 0;
  let end = text.length;
  while (start < end && isSpace(text.charCodeAt(start))) start++;
  while (end > start && isSpace(text.charCodeAt(end - 1))) end--;
  return start === 0 && end === text.length ? text : text.slice(start, end);
}

/** Undoes quoted pairs (section 3.2.1). */
function unescape(text: string): string {
  return text.includes("\\") ? text.replace(/\\([^])/g, "$1") : text;
}
