import type { Clock, Log } from "../core/ports.ts";
import type { FactStore } from "../store/mod.ts";

export interface DailyCounterDeps {
  readonly space: string;
  readonly facts: FactStore;
  readonly clock: Clock;
  readonly log: Log;
}

/** What one account has used; it begins with the first use and ends 24 hours later. */
export interface Used {
  count: number;
  expiresAt: number;
}

const DAY_MS = 24 * 60 * 60 * 1000;

/**
 * Counts by account for 24 hours. The count in memory is the one that holds; it goes to the store in the background, each
 * account's newest value at a time, so that counting costs a session no commit. After a crash at most the last ones are
 * missing.
 */
export class DailyCounter {
  readonly #deps: DailyCounterDeps;
  /** As many as there are accounts. */
  readonly #used = new Map<string, Promise<Used>>();
  readonly #unsaved = new Map<string, Used>();
  #saving = false;

  constructor(deps: DailyCounterDeps) {
    this.#deps = deps;
  }

  /** What the account has used; the same object for everybody who asks, so that they count together. */
  async open(account: string): Promise<Used> {
    let loading = this.#used.get(account);
    if (loading === undefined) {
      loading = this.#load(account);
      this.#used.set(account, loading);
      loading.catch(() => this.#used.delete(account));
    }
    const used = await loading;
    if (used.expiresAt <= this.#deps.clock.now()) {
      used.count = 0;
      used.expiresAt = this.#deps.clock.now() + DAY_MS;
    }
    return used;
  }

  add(account: string, used: Used): void {
    used.count++;
    this.#unsaved.set(account, used);
    if (!this.#saving) void this.#save();
  }

  async #load(account: string): Promise<Used> {
    const fact = await this.#deps.facts.get(this.#deps.space, account);
    return { count: Number(fact?.value ?? 0), expiresAt: fact?.expiresAt ?? 0 };
  }

  async #save(): Promise<void> {
    this.#saving = true;
    const { facts, space, log } = this.#deps;
    for (const [key, { count, expiresAt }] of this.#unsaved) {
      this.#unsaved.delete(key);
      try {
        await facts.put(space, { key, value: String(count), expiresAt });
      } catch (error) {
        log.warn("sending-count-not-saved", { account: key, error: String(error) });
      }
    }
    this.#saving = false;
  }
}
