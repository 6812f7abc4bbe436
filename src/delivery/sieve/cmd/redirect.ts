import type { Address } from "../../../core/address.ts";
import { ProtocolError } from "../../../core/errors.ts";
import { parseMailbox } from "../../../wire/smtp/mod.ts";
import type { CommandRow } from "../rows.ts";
import { isConstant } from "../text.ts";

/** RFC 5228 section 4.2, with RFC 3894 (`:copy`). */
export const redirect: CommandRow = {
  name: "redirect",
  requires: null,
  compile({ args }) {
    const copies = args.flag("copy", { requires: "copy" });
    const given = args.expectString("an address");
    if (isConstant(given.text) && tryAddress(given.text) === null) {
      args.fail("This is no mail address", given.at);
    }
    return (machine) => {
      const text = machine.text(given.text);
      const address = tryAddress(text);
      if (address === null) return machine.budget.fail("redirect needs a mail address");
      machine.act({ kind: "redirect", address, message: machine.version() });
      if (!copies) machine.cancelKeep();
    };
  },
};

export function tryAddress(text: string): Address | null {
  try {
    return parseMailbox(text);
  } catch (error) {
    if (error instanceof ProtocolError) return null;
    throw error;
  }
}
