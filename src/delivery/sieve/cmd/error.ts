import type { CommandRow } from "../rows.ts";

const MAX_MESSAGE = 1000;

/** RFC 5463 section 5. */
export const error: CommandRow = {
  name: "error",
  requires: "ihave",
  compile({ args }) {
    const message = args.expectString("a message");
    return (machine) => {
      const text = machine.text(message.text).trim().slice(0, MAX_MESSAGE);
      return machine.budget.fail(text === "" ? "The script ends here with an error" : text);
    };
  },
};
