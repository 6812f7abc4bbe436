/** The character classes of the formal syntax (RFC 3501 section 9), as one table of bits per byte. */

export const SPACE = 32;
export const QUOTE = 34;
export const DOLLAR = 36;
export const PERCENT = 37;
export const OPEN = 40;
export const CLOSE = 41;
export const STAR_SIGN = 42;
export const PLUS = 43;
export const COMMA = 44;
export const MINUS = 45;
export const DOT = 46;
export const ZERO = 48;
export const NINE = 57;
export const COLON = 58;
export const LESS = 60;
export const GREATER = 62;
export const OPEN_BRACKET = 91;
export const BACKSLASH = 92;
export const CLOSE_BRACKET = 93;
export const OPEN_BRACE = 123;
export const CLOSE_BRACE = 125;
export const TILDE = 126;

const ATOM = 1;
const ASTRING = 2;
const LIST = 4;
const TAG = 8;
const DIGIT = 16;

const CLASSES: Readonly<Uint8Array> = Uint8Array.from({ length: 256 }, (_, byte) => {
  if (byte <= SPACE || byte >= 127 || '(){"\\'.includes(String.fromCharCode(byte))) return 0;
  let classes = 0;
  const isWildcard = byte === PERCENT || byte === STAR_SIGN;
  if (!isWildcard && byte !== CLOSE_BRACKET) classes |= ATOM;
  if (!isWildcard) classes |= ASTRING;
  if (!isWildcard && byte !== PLUS) classes |= TAG;
  classes |= LIST;
  if (byte >= ZERO && byte <= NINE) classes |= DIGIT;
  return classes;
});

export function isAtomChar(byte: number): boolean {
  return (CLASSES[byte]! & ATOM) !== 0;
}

/** ATOM-CHAR and `]`. */
export function isAstringChar(byte: number): boolean {
  return (CLASSES[byte]! & ASTRING) !== 0;
}

/** ASTRING-CHAR and the two wildcards. */
export function isListChar(byte: number): boolean {
  return (CLASSES[byte]! & LIST) !== 0;
}

/** ASTRING-CHAR without `+`. */
export function isTagChar(byte: number): boolean {
  return (CLASSES[byte]! & TAG) !== 0;
}

export function isDigit(byte: number): boolean {
  return (CLASSES[byte]! & DIGIT) !== 0;
}
