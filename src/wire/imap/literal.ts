import { CLOSE_BRACE, isDigit, OPEN_BRACE, PLUS, TILDE, ZERO } from "./chars.ts";

/** What a client announces at the end of a line: so many bytes follow (RFC 3501 section 4.3). */
export interface LiteralHeader {
  /** May be larger than any limit, even infinite; the reader decides. */
  readonly size: number;
  /** The client waits for `+` before it sends the bytes; with LITERAL+ (RFC 7888) it does not. */
  readonly synchronizing: boolean;
  /** A literal8, `~{n}`: it may hold NUL (RFC 3516 section 4.4). */
  readonly binary: boolean;
}

/**
 * Finds `{n}`, `{n+}` or the same with `~` before it at the end of a line without its CRLF; null when the line ends in something
 * else. The bytes before that are the text of the line: `line.subarray(0, textLength)`.
 */
export function literalAtEnd(line: Uint8Array): { header: LiteralHeader; textLength: number } | null {
  let at = line.length - 1;
  if (line[at] !== CLOSE_BRACE) return null;
  at--;
  const synchronizing = line[at] !== PLUS;
  if (!synchronizing) at--;
  const lastDigit = at;
  let size = 0;
  for (let power = 1; at >= 0 && isDigit(line[at]!); at--, power *= 10) {
    const digit = line[at]! - ZERO;
    // A zero times an infinite power would be no number.
    if (digit !== 0) size += digit * power;
  }
  if (at === lastDigit || line[at] !== OPEN_BRACE) return null;
  const binary = line[at - 1] === TILDE;
  return { header: { size, synchronizing, binary }, textLength: binary ? at - 1 : at };
}
