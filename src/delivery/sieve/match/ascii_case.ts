/** Case of the letters A to Z; all others stay as they are, so that a text keeps its length. */

export function toLowerAscii(text: string): string {
  return isAscii(text) ? text.toLowerCase() : text.replace(/[A-Z]+/g, (letters) => letters.toLowerCase());
}

export function toUpperAscii(text: string): string {
  return isAscii(text) ? text.toUpperCase() : text.replace(/[a-z]+/g, (letters) => letters.toUpperCase());
}

export function isAscii(text: string): boolean {
  return !/[^\x00-\x7f]/.test(text);
}
