/**
 * The configuration: one YAML file, checked as a whole before anything of it is used.
 *
 * Invariants: a `Config` is complete and consistent (names that aliases lead to exist, ports do not collide, a certificate has
 * its key); every error names file, line, column, the value found and what was expected, and as many as can be found are
 * reported at once; unknown keys are errors; file names are absolute, relative ones starting from the file's folder;
 * the defaults are the rooms' own. An edit by a command keeps comments and order, and the file is replaced in one step.
 *
 * The steps: `load.ts` (text to YAML to schema to checks), `schema.ts` and `limits.ts` (the keys), `fields.ts` and `units.ts` (the
 * kinds of value), `semantic.ts` (what no schema can say), `report.ts` (errors with places), `edit.ts` (changes), `locate.ts`
 * (which file).
 *
 * @module
 */
import { parseConfig } from "./load.ts";
import type { Config } from "./types.ts";

export { ConfigError, type ConfigProblem } from "./errors.ts";
export { loadConfig, parseConfig } from "./load.ts";
export { CONTROL_SOCKET } from "./semantic.ts";
export type { Config, DnsSettings, Limits, ListenerName, StoreSettings } from "./types.ts";
export { formatDuration, formatEndpoint, formatSize } from "./units.ts";

/** What a file that says no more than the hostname stands for. */
export function defaultConfig(hostname: string): Config {
  return parseConfig(`hostname: ${JSON.stringify(hostname)}\n`, "/etc/mailden/mailden.yaml");
}
