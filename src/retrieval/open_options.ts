import type { DialDeps } from "./deps.ts";
import type { Credential } from "./log_in.ts";
import type { SourceSpec } from "./source.ts";

/** What it takes to open a connection to a source. */
export interface OpenOptions {
  readonly spec: SourceSpec;
  readonly credential: Credential;
  readonly deps: DialDeps;
  readonly signal: AbortSignal;
}
