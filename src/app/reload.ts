import type { Config } from "./config/mod.ts";

/** What a running server cannot change: it is bound to sockets, or to files that are open. */
const FIXED = [
  "hostname",
  "data",
  "maildrop",
  "listen",
  "tls",
  "store",
  "search",
  "log",
] as const satisfies readonly (keyof Config)[];

/** Throws, naming the keys, when the new configuration needs a restart. */
export function checkReload(current: Config, next: Config): void {
  const changed = FIXED.filter((name) => JSON.stringify(current[name]) !== JSON.stringify(next[name]));
  if (changed.length === 0) return;
  throw new Error(
    `A change of ${changed.join(", ")} needs a restart; the configuration before it stays in force`,
  );
}
