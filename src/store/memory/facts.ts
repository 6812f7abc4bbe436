import { counterValue, DEFAULT_FACTS } from "../facts_page.ts";
import type { Fact, FactStore } from "../mod.ts";
import type { MemoryState } from "./state.ts";

export class MemoryFacts implements FactStore {
  readonly #state: MemoryState;
  readonly #spaces = new Map<string, Map<string, Fact>>();

  constructor(state: MemoryState) {
    this.#state = state;
  }

  async get(space: string, key: string): Promise<Fact | null> {
    this.#state.use();
    return this.#live(space, key);
  }

  async put(space: string, fact: Fact): Promise<void> {
    this.#state.change();
    this.#set(space, fact);
  }

  async add(
    space: string,
    counter: { readonly key: string; readonly by: number; readonly expiresAt: number },
  ): Promise<number> {
    this.#state.change();
    const known = this.#live(space, counter.key);
    const value = counter.by + (known === null ? 0 : counterValue(known.value));
    const expiresAt = known?.expiresAt ?? counter.expiresAt;
    this.#set(space, { key: counter.key, value: String(value), expiresAt });
    return value;
  }

  async remove(space: string, key: string): Promise<void> {
    this.#state.change();
    this.#spaces.get(space)?.delete(key);
  }

  async list(
    space: string,
    page: { readonly after?: string; readonly limit?: number } = {},
  ): Promise<Fact[]> {
    this.#state.use();
    const { after, limit = DEFAULT_FACTS } = page;
    return [...this.#spaces.get(space)?.values() ?? []]
      .filter(({ key, expiresAt }) =>
        expiresAt > this.#state.clock.now() && (after === undefined || key > after)
      )
      .sort((a, b) => a.key < b.key ? -1 : 1)
      .slice(0, limit);
  }

  #live(space: string, key: string): Fact | null {
    const fact = this.#spaces.get(space)?.get(key);
    return fact !== undefined && fact.expiresAt > this.#state.clock.now() ? fact : null;
  }

  #set(space: string, { key, value, expiresAt }: Fact): void {
    const facts = this.#spaces.get(space) ?? new Map<string, Fact>();
    this.#spaces.set(space, facts.set(key, { key, value, expiresAt }));
  }
}
