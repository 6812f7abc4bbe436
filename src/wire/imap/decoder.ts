import { decodeLatin1 } from "../../core/bytes.ts";
import { ProtocolError } from "../../core/errors.ts";
import { Arguments, type Segment } from "../arguments.ts";
import { CLOSE, isAstringChar, isAtomChar, isTagChar, OPEN, QUOTE, ZERO } from "./chars.ts";

export type { Segment } from "../arguments.ts";

export interface DecoderOptions {
  /** The client has switched UTF-8 on (RFC 9755, RFC 9051): mailbox names are UTF-8 and no longer modified UTF-7. */
  readonly utf8?: boolean;
}

/**
 * How deep parentheses (and NOT, OR) may stand in each other. Not in the configuration: what follows a term calls itself to its
 * depth, so a greater number would be a question of our stack, and no client comes near this one.
 */
export const MAX_NESTING = 40;

/** Reads the values of one IMAP command. What nests is counted by `enter` and `leave`. */
export class Decoder extends Arguments {
  readonly utf8: boolean;
  #depth = 0;

  constructor(segments: readonly Segment[], { utf8 = false }: DecoderOptions = {}) {
    super(segments);
    this.utf8 = utf8;
  }

  /** One level deeper; throws when it is too deep. */
  enter(): void {
    if (++this.#depth > MAX_NESTING) throw new ProtocolError("Too many levels of nesting");
  }

  leave(): void {
    this.#depth--;
  }

  // ---- Words ----

  expectTag(): string {
    return this.tryRun(isTagChar) ?? this.fail("a tag");
  }

  /** One or more bytes of a class of one's own. */
  tryRun(accepts: (byte: number) => boolean): string | null {
    const bytes = this.tryBytes(accepts);
    return bytes === null ? null : decodeLatin1(bytes);
  }

  tryAtom(): string | null {
    return this.tryRun(isAtomChar);
  }

  expectAtom(what = "a word"): string {
    return this.tryAtom() ?? this.fail(what);
  }

  /** An atom in capitals: the words of the grammar are compared without case. */
  expectKeyword(what = "a word"): string {
    return this.expectAtom(what).toUpperCase();
  }

  /** Takes the word when it stands here, as a whole word, in any case. */
  tryKeyword(word: string): boolean {
    return this.tryText(word, isAtomChar);
  }

  // ---- Values ----

  /** RFC 9051 section 9 `nz-number`, whose first digit is not 0 either. */
  expectNonZero(): number {
    const isZero = this.next === ZERO;
    const value = this.expectNumber();
    if (isZero) this.fail("a number greater than zero");
    return value;
  }

  /**
   * No string holds NUL, be it a literal (RFC 3501 section 9, note 3). Once the client has switched UTF-8 on, nothing else may stand
   * between quotes (RFC 9755 section 3).
   */
  override tryString(): Uint8Array | null {
    const isQuoted = this.next === QUOTE;
    const string = super.tryString();
    if (isQuoted && this.utf8) this.asText(string!, "a string");
    if (string?.includes(0)) throw new ProtocolError("A string must not hold NUL");
    return string;
  }

  /** An atom or a string, as bytes. */
  tryAstring(): Uint8Array | null {
    return this.tryBytes(isAstringChar) ?? this.tryString();
  }

  expectAstring(what = "a string"): Uint8Array {
    return this.tryAstring() ?? this.fail(what);
  }

  /** An astring whose bytes are UTF-8. */
  expectText(what = "a string"): string {
    return this.asText(this.expectAstring(what), what);
  }

  /** A string, or null for NIL. */
  expectNstring(): Uint8Array | null {
    const string = this.tryString();
    if (string !== null) return string;
    if (this.tryKeyword("NIL")) return null;
    return this.fail("a string or NIL");
  }

  // ---- Lists ----

  /** Takes `(item item ...)`, which may be empty; false when no parenthesis stands here. */
  tryList(item: () => void): boolean {
    if (!this.tryByte(OPEN)) return false;
    this.enter();
    if (!this.tryByte(CLOSE)) {
      do item(); while (this.trySpace());
      this.expectByte(CLOSE);
    }
    this.leave();
    return true;
  }

  expectList(item: () => void): void {
    if (!this.tryList(item)) this.fail("a list in parentheses");
  }
}
