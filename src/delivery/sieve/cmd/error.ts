import type { CommandRow } from "../rows.ts";

/** RFC 5463 section 5. */
export const error: CommandRow = {
  name: "error",
  requires: "ihave",
  compile({ args }) {
    const message = args.expectString("a message");
    return (machine) => machine.budget.fail(machine.text(message.text).slice(0, 1000));
  },
};
