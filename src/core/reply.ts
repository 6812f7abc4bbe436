/** An enhanced status code (RFC 3463), such as `5.1.1`. */
export type EnhancedCode = `${2 | 4 | 5}.${number}.${number}`;

/**
 * An SMTP reply as a value. Whether it is temporary follows from the code, and the class of the enhanced
 * code must agree with it: a 552 with 4.3.1 cannot be built.
 */
export class Reply {
  readonly code: number;
  readonly enhanced: EnhancedCode | null;
  readonly lines: readonly string[];

  constructor(code: number, enhanced: EnhancedCode | null, text: string | readonly string[]) {
    if (!Number.isInteger(code) || code < 200 || code > 599) throw new RangeError(`No reply code: ${code}`);
    if (enhanced !== null && Number(enhanced[0]) !== Math.floor(code / 100)) {
      throw new RangeError(`Enhanced code ${enhanced} does not agree with reply code ${code}`);
    }
    this.code = code;
    this.enhanced = enhanced;
    this.lines = typeof text === "string" ? [text] : text;
  }

  get isSuccess(): boolean {
    return this.code < 400;
  }

  get isTemporary(): boolean {
    return this.code >= 400 && this.code < 500;
  }

  get isPermanent(): boolean {
    return this.code >= 500;
  }

  /** One line for logs and reports: `550 5.1.1 No such user here`. */
  toString(): string {
    return `${this.code} ${this.enhanced === null ? "" : `${this.enhanced} `}${this.lines.join(" / ")}`;
  }
}

/** Short form of the constructor, for command handlers. */
export function reply(code: number, enhanced: EnhancedCode | null, text: string | readonly string[]): Reply {
  return new Reply(code, enhanced, text);
}
