import type { Clock } from "../../../core/ports.ts";
import { DEFAULT_FACTS } from "../../facts_page.ts";
import type { Fact, FactStore } from "../../mod.ts";
import type { Link } from "./link.ts";

export class SqliteFacts implements FactStore {
  readonly #link: Link;
  readonly #clock: Clock;

  constructor({ link, clock }: { readonly link: Link; readonly clock: Clock }) {
    this.#link = link;
    this.#clock = clock;
  }

  get(space: string, key: string): Promise<Fact | null> {
    return this.#link.read("fact", { space, key, now: this.#clock.now() });
  }

  put(space: string, { key, value, expiresAt }: Fact): Promise<void> {
    return this.#link.write("putFact", { space, fact: { key, value, expiresAt } });
  }

  add(
    space: string,
    { key, by, expiresAt }: { readonly key: string; readonly by: number; readonly expiresAt: number },
  ): Promise<number> {
    return this.#link.write("addToFact", { space, key, by, expiresAt });
  }

  remove(space: string, key: string): Promise<void> {
    return this.#link.write("removeFact", { space, key });
  }

  list(
    space: string,
    page: { readonly after?: string; readonly limit?: number } = {},
  ): Promise<Fact[]> {
    const { after = null, limit = DEFAULT_FACTS } = page;
    return this.#link.read("listFacts", { space, now: this.#clock.now(), after, limit });
  }
}
