import type { RetrievalDeps } from "./deps.ts";
import { Marks } from "./marks.ts";
import { forgetSecret } from "./secrets.ts";

/** The key of each source that was ever configured; its value says since when it is not any more. */
const SPACE = "retrieval-sources";
/** A slip of the pen in the configuration must not have everything fetched again. */
const KEPT_MS = 30 * 86_400_000;
const NEVER = Number.MAX_SAFE_INTEGER;

type LeftoversDeps = Pick<RetrievalDeps, "facts" | "clock" | "log" | "settings">;

/** What is remembered of sources that were taken out of the configuration, their passwords among it: gone 30 days later. */
export class Leftovers {
  readonly #deps: LeftoversDeps;

  constructor(deps: LeftoversDeps) {
    this.#deps = deps;
  }

  /** To be called when the configuration was read: with the keys of all sources that are in it. */
  async clear(configured: readonly string[], signal: AbortSignal): Promise<void> {
    const { facts, clock, log } = this.#deps;
    const now = clock.now();
    const known = new Map<string, string>();
    for (let after = "";;) {
      const page = await facts.list(SPACE, { after, limit: 1000 });
      for (const { key, value } of page) known.set(key, value);
      const last = page.at(-1);
      if (last === undefined) break;
      after = last.key;
    }
    for (const key of configured) {
      if (known.get(key) !== "") await facts.put(SPACE, { key, value: "", expiresAt: NEVER });
      known.delete(key);
    }
    for (const [key, value] of known) {
      if (signal.aborted) return;
      if (value === "") await facts.put(SPACE, { key, value: String(now), expiresAt: NEVER });
      else if (now >= Number(value) + KEPT_MS) {
        await this.#forget(key, signal);
        log.info("retrieval-forgotten", { source: key });
      }
    }
  }

  async #forget(key: string, signal: AbortSignal): Promise<void> {
    const { facts, clock, settings } = this.#deps;
    const marks = new Marks(key, {
      facts,
      now: () => clock.now(),
      rememberDays: () => settings.current.rememberDays,
    });
    await forgetSecret(facts, key);
    await marks.clear(signal);
    // Last, so that what was broken off is begun again.
    if (!signal.aborted) await facts.remove(SPACE, key);
  }
}
