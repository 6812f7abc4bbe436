import type { CommandRow } from "../rows.ts";

/** A reason longer than this is for no line of SMTP. */
const MAX_REASON = 10_000;

/** RFC 5429 sections 2.1 and 2.2: the sender's server is told no. Nothing else may be done with the message but `discard`. */
function refusing(name: "reject" | "ereject"): CommandRow {
  return {
    name,
    requires: name,
    compile({ args }) {
      const reason = args.expectString("a reason");
      return (machine) => {
        if (machine.has("keep", "fileinto", "redirect", "reject", "ereject", "vacation")) {
          // Section 2.3: it cannot be both taken and refused, and answered twice even less.
          machine.budget.fail(`${name} cannot be used with other actions`);
        }
        machine.act({ kind: name, reason: machine.text(reason.text).slice(0, MAX_REASON) });
        machine.cancelKeep();
      };
    },
  };
}

export const reject: CommandRow = refusing("reject");
export const ereject: CommandRow = refusing("ereject");
