/**
 * The retrieval room (MRA): fetches our users' mail from other providers by POP3 and IMAP, and hands it to the door.
 *
 * Invariants:
 * - A message and the mark that it was fetched are one commit; it is deleted there only after that. So nothing is lost and
 *   nothing comes twice, whenever the process is killed. Where a server gives all its messages new numbers, those that were
 *   fetched before are known by what they are (`fetched_message.ts`).
 * - The other side is not trusted: each answer has a limit in bytes and in time, nothing that came before TLS counts after it,
 *   and only public addresses are connected to unless the configuration names others (`dial.ts`).
 * - A password that was refused is not shown again for hours, not even after a restart, unless it was changed.
 * - Each source is one loop (`runner.ts`) that ends with its signal; so many fetch at a time.
 * - What has no room here stays there. Secrets are in no log, no error and no status.
 * - Of a source that was taken out of the configuration nothing is left a month later (`leftovers.ts`).
 *
 * @module
 */
import type { RetrievalDeps } from "./deps.ts";
import { Leftovers } from "./leftovers.ts";
import { SourceRunner } from "./runner.ts";
import { Slots } from "./slots.ts";
import { sourceKey } from "./source.ts";
import type { SourceStatus } from "./status.ts";

export type { Admit, RetrievalDeps } from "./deps.ts";
export { keepSecret } from "./secrets.ts";
export { defaultRetrievalSettings, type RetrievalSettings } from "./settings.ts";
export { type Keep, type OAuthSpec, sourceKey, type SourceSpec } from "./source.ts";
export type { SourceState, SourceStatus } from "./status.ts";

export interface Retrieval {
  /** Takes over the sources as they are configured now. Those that did not change go on. */
  update(): Promise<void>;
  /** Of all accounts, or of one. */
  status(account?: string): SourceStatus[];
  /** Looks at once; how many sources. */
  now(account?: string): number;
  /** There is a new secret for the source of this key (`sourceKey`). */
  secretChanged(key: string): void;
  stop(): Promise<void>;
}

export function makeRetrieval(deps: RetrievalDeps): Retrieval {
  return new Sources(deps);
}

class Sources implements Retrieval {
  readonly #deps: RetrievalDeps;
  readonly #slots: Slots;
  readonly #leftovers: Leftovers;
  /** By their keys, in the order of the configuration. */
  #runners = new Map<string, SourceRunner>();
  #updating: Promise<void> = Promise.resolve();
  /** Of a source that had much it takes a while, for which nobody waits. */
  #clearing: Promise<void> = Promise.resolve();
  readonly #stopping = new AbortController();

  constructor(deps: RetrievalDeps) {
    const { settings } = deps;
    this.#deps = deps;
    this.#leftovers = new Leftovers(deps);
    this.#slots = new Slots({
      get current() {
        return settings.current.concurrency;
      },
    });
  }

  update(): Promise<void> {
    return this.#updating = this.#updating.then(() => this.#update());
  }

  status(account?: string): SourceStatus[] {
    return this.#of(account).map((runner) => runner.status);
  }

  now(account?: string): number {
    const runners = this.#of(account);
    for (const runner of runners) runner.wake();
    return runners.length;
  }

  secretChanged(key: string): void {
    this.#runners.get(key)?.wake();
  }

  async stop(): Promise<void> {
    await this.#updating;
    this.#stopping.abort();
    await this.#clearing;
    await Promise.all([...this.#runners.values()].map((runner) => runner.stop()));
    this.#runners.clear();
  }

  #of(account: string | undefined): SourceRunner[] {
    return [...this.#runners.values()].filter(({ spec }) =>
      account === undefined || spec.account === account
    );
  }

  async #update(): Promise<void> {
    // A source that comes back just now must not lose what it learns.
    await this.#clearing;
    const before = this.#runners;
    const wanted = new Map(this.#deps.sources.current.map((spec) => [sourceKey(spec), spec]));
    const isSame = (runner: SourceRunner) =>
      JSON.stringify(wanted.get(sourceKey(runner.spec))) === JSON.stringify(runner.spec);
    // The old one has ended before its successor begins: two would fetch the same.
    await Promise.all(
      [...before.values()].filter((runner) => !isSame(runner)).map((runner) => runner.stop()),
    );
    this.#runners = new Map(
      [...wanted].map(([key, spec]) => {
        const old = before.get(key);
        return [
          key,
          old !== undefined && isSame(old) ? old : new SourceRunner(spec, this.#deps, this.#slots),
        ];
      }),
    );
    for (const runner of this.#runners.values()) runner.start();
    this.#clearing = this.#clearing.then(() => this.#clearLeftovers([...wanted.keys()]));
  }

  async #clearLeftovers(keys: readonly string[]): Promise<void> {
    try {
      await this.#leftovers.clear(keys, this.#stopping.signal);
    } catch (error) {
      this.#deps.log.warn("retrieval-error", { error: String(error) });
    }
  }
}
