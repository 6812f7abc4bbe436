import type { CompiledSieve } from "./compile.ts";
import type { Action, SieveResult } from "./actions.ts";
import type { SieveInput } from "./input.ts";
import { defaultSieveRunLimits, type SieveRunLimits } from "./limits.ts";
import { Machine } from "./machine.ts";
import { RunError } from "./run_error.ts";

const UNTOUCHED = { header: null, body: null };

/**
 * Runs scripts on one message, one after the other as if they were one (an administrator's before and after the owner's);
 * `stop` ends them all. Rejects only for what is our own fault, such as a message that cannot be read.
 */
export async function runSieve(
  scripts: readonly CompiledSieve[],
  input: SieveInput,
  limits: SieveRunLimits = defaultSieveRunLimits,
): Promise<SieveResult> {
  const machine = new Machine(input, limits);
  try {
    for (const script of scripts) {
      const signal = await machine.runScript({ compiled: script, name: null });
      if (signal === "stop") break;
    }
    if (machine.keepsImplicitly) machine.act(implicitKeep(machine));
    return { actions: machine.actions, error: null };
  } catch (error) {
    if (!(error instanceof RunError)) throw error;
    // RFC 5228 section 2.10.6: nothing of a script that failed is done, and the message is kept.
    return { actions: [{ kind: "keep", flags: [], message: UNTOUCHED }], error: error.message };
  }
}

/** RFC 5232 section 5 and RFC 5293 section 3: with the flags and the header that the script has made. */
function implicitKeep(machine: Machine): Action {
  return { kind: "keep", flags: machine.flags, message: machine.version() };
}
