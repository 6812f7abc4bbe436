import type { FactStore, SpacedFact } from "../store/mod.ts";

/** What was fetched is remembered as long as its source may be there. */
const LONG_MS = 10 * 365 * 86_400_000;

interface MarksDeps {
  readonly facts: FactStore;
  readonly now: () => number;
  readonly rememberDays: () => number;
}

/**
 * The memory of one source, in the store. A mark goes into the same commit as the message it stands for (`SubmitContext.facts`), so
 * neither is ever there without the other, whenever the process is killed.
 */
export class Marks {
  readonly #space: string;
  readonly #deps: MarksDeps;

  /** `key` is that of the source. */
  constructor(key: string, deps: MarksDeps) {
    this.#space = `retrieval ${key}`;
    this.#deps = deps;
  }

  /** What is kept for good under a key of this source. */
  mark(key: string, value: string): SpacedFact {
    return { space: this.#space, key, value, expiresAt: this.#deps.now() + LONG_MS };
  }

  /** That a message of this kind was fetched. */
  seen(print: string): SpacedFact {
    const days = this.#deps.rememberDays();
    return {
      space: this.#seenSpace,
      key: print,
      value: "",
      expiresAt: this.#deps.now() + days * 86_400_000,
    };
  }

  async wasSeen(print: string): Promise<boolean> {
    return await this.#deps.facts.get(this.#seenSpace, print) !== null;
  }

  async get(key: string): Promise<string | null> {
    return (await this.#deps.facts.get(this.#space, key))?.value ?? null;
  }

  /** All whose keys begin so, page by page, at most so many. */
  async withPrefix(prefix: string, limit: number): Promise<Map<string, string>> {
    const found = new Map<string, string>();
    let after = prefix;
    for (;;) {
      const page = await this.#deps.facts.list(this.#space, { after, limit: 1000 });
      for (const { key, value } of page) {
        if (!key.startsWith(prefix) || found.size >= limit) return found;
        found.set(key.slice(prefix.length), value);
      }
      const last = page.at(-1)?.key;
      if (last === undefined) return found;
      after = last;
    }
  }

  async put(...facts: readonly SpacedFact[]): Promise<void> {
    await Promise.all(facts.map(({ space, ...fact }) => this.#deps.facts.put(space, fact)));
  }

  async remove(keys: readonly string[]): Promise<void> {
    // The store makes one commit of many; a million at once would be a million promises.
    for (let at = 0; at < keys.length; at += 500) {
      await Promise.all(keys.slice(at, at + 500).map((key) => this.#deps.facts.remove(this.#space, key)));
    }
  }

  /** Forgets all of this source, page by page. */
  async clear(signal: AbortSignal): Promise<void> {
    const { facts } = this.#deps;
    for (const space of [this.#space, this.#seenSpace]) {
      while (!signal.aborted) {
        const page = await facts.list(space, { limit: 500 });
        if (page.length === 0) break;
        await Promise.all(page.map(({ key }) => facts.remove(space, key)));
      }
    }
  }

  get #seenSpace(): string {
    return `${this.#space} seen`;
  }
}
