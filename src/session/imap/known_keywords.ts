/** The keywords of a mailbox that its client was told of, each in the spelling in which it was seen first. */
export class KnownKeywords {
  readonly #limit: number;
  /** By their lower-case form. */
  readonly #names = new Map<string, string>();

  /** `limit`: how many may be in use in the mailbox. */
  constructor(keywords: readonly string[], limit: number) {
    this.#limit = limit;
    this.learn(keywords);
  }

  get names(): readonly string[] {
    return [...this.#names.values()];
  }

  get hasRoom(): boolean {
    return this.#names.size < this.#limit;
  }

  /** Whether one of these flags is a keyword that was not known. */
  learn(flags: readonly string[]): boolean {
    const before = this.#names.size;
    for (const flag of flags) {
      if (flag.startsWith("\\")) continue;
      const key = flag.toLowerCase();
      if (!this.#names.has(key)) this.#names.set(key, flag);
    }
    return this.#names.size > before;
  }
}
