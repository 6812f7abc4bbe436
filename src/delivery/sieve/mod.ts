/**
 * Sieve: from a script and a message to a list of actions (RFC 5228 and its extensions). Nothing is done here: what an
 * action means is the caller's business, and everything that a script may ask about the world comes in through `SieveInput`.
 *
 * - `compileSieve` checks a whole script before it ever runs: unknown commands, missing `require`, wrong arguments, bad
 *   addresses are `SieveError`s with line and column. What it returns never changes and may be kept and run many times.
 * - `runSieve` runs it on one message. No script can run past its budgets (`limits.ts`): steps, actions, redirects, the size of
 *   variables. One that fails, or asks for too much, ends as if it had said nothing: the message is kept, and the error is
 *   in the result for its owner to be told (RFC 5228 section 2.10.6).
 * - Commands (`cmd/`), tests (`check/`) and what compares (`match/`) are rows of `registry.ts`, one small file each.
 */
export type { Action, MessageVersion, SieveResult } from "./actions.ts";
export { type CompiledSieve, type CompileOptions, compileSieve, SIEVE_EXTENSIONS } from "./compile.ts";
export type {
  SieveDuplicates,
  SieveEnvelope,
  SieveInput,
  SieveLists,
  SieveMailboxes,
  SieveMessage,
  SieveScripts,
} from "./input.ts";
export { parseMailto } from "./notify_method.ts";
export { tryAddress } from "./script_address.ts";
export { defaultSieveRunLimits, type SieveRunLimits } from "./limits.ts";
export { runSieve } from "./run.ts";
