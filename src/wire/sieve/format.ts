/** A text as a quoted string of Sieve (RFC 5228 section 2.4.2). */
export function formatString(text: string): string {
  return `"${text.replace(/["\\]/g, "\\$&")}"`;
}
