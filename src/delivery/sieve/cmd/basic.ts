import type { CommandRow } from "../rows.ts";
import { takeFlags } from "../flags.ts";

/** RFC 5228 section 4.3; with `:flags` RFC 5232 section 5. */
export const keep: CommandRow = {
  name: "keep",
  requires: null,
  compile({ args }) {
    const flags = takeFlags(args);
    return (machine) => {
      machine.act({ kind: "keep", flags: flags(machine), message: machine.version() });
      machine.cancelKeep();
    };
  },
};

/** RFC 5228 section 4.4. */
export const discard: CommandRow = {
  name: "discard",
  requires: null,
  compile: () => (machine) => machine.cancelKeep(),
};

/** RFC 5228 section 3.3. */
export const stop: CommandRow = {
  name: "stop",
  requires: null,
  compile: () => () => "stop",
};
