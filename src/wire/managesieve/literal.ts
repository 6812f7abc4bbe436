const OPEN_BRACE = 123;
const CLOSE_BRACE = 125;
const PLUS = 43;
const ZERO = 48;
const NINE = 57;

/** What a client announces at the end of a line: so many bytes follow, unasked (RFC 5804 section 4, `literal-c2s`). */
export interface LiteralHeader {
  /** May be larger than any limit, even infinite; the reader decides. */
  readonly size: number;
  /** False for `{n}`, which only the server may send: nobody knows whether its bytes follow. */
  readonly isAllowed: boolean;
}

/**
 * Finds `{n+}` or `{n}` at the end of a line without its CRLF; null when the line ends in something else. The bytes before
 * it are the text of the line: `line.subarray(0, textLength)`.
 */
export function literalAtEnd(line: Uint8Array): { header: LiteralHeader; textLength: number } | null {
  let at = line.length - 1;
  if (line[at] !== CLOSE_BRACE) return null;
  at--;
  const isAllowed = line[at] === PLUS;
  if (isAllowed) at--;
  const lastDigit = at;
  let size = 0;
  for (let power = 1; at >= 0 && line[at]! >= ZERO && line[at]! <= NINE; at--, power *= 10) {
    const digit = line[at]! - ZERO;
    // A zero times an infinite power would be no number.
    if (digit !== 0) size += digit * power;
  }
  if (at === lastDigit || line[at] !== OPEN_BRACE) return null;
  return { header: { size, isAllowed }, textLength: at };
}
