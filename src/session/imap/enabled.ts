/** What a client can switch on by ENABLE (RFC 5161), in capitals as the decoder has words. */
export const EXTENSIONS = ["CONDSTORE", "QRESYNC", "UTF8=ACCEPT", "IMAP4REV2", "UIDONLY"] as const;
export type Extension = typeof EXTENSIONS[number];

/** What the client of a session has switched on. One number, since a thousand idle sessions have one each. */
export class Enabled {
  #bits = 0;

  has(extension: Extension): boolean {
    return (this.#bits & bitOf(extension)) !== 0;
  }

  /** Switches it on; false when it was on already. QRESYNC means CONDSTORE too (RFC 7162 section 3.2.3). */
  add(extension: Extension): boolean {
    if (this.has(extension)) return false;
    this.#bits |= bitOf(extension);
    if (extension === "QRESYNC") this.#bits |= bitOf("CONDSTORE");
    return true;
  }

  /** UNAUTHENTICATE (RFC 8437 section 3). */
  clear(): void {
    this.#bits = 0;
  }
}

function bitOf(extension: Extension): number {
  return 1 << EXTENSIONS.indexOf(extension);
}
