import { tryAddress } from "../script_address.ts";
import type { CommandRow } from "../rows.ts";
import { isConstant, type Text } from "../text.ts";
import type { Machine } from "../machine.ts";

/** RFC 5228 section 4.2, with RFC 3894 (`:copy`) and RFC 6134 section 2.6 (`:list`). */
export const redirect: CommandRow = {
  name: "redirect",
  requires: null,
  compile({ args }) {
    const copies = args.flag("copy", { requires: "copy" });
    const isList = args.flag("list", { requires: "extlists" });
    const given = args.expectString("an address");
    if (!isList && isConstant(given.text) && tryAddress(given.text) === null) {
      args.fail("This is no mail address", given.at);
    }
    const targets = isList ? members : oneAddress;
    return async (machine) => {
      for (const text of await targets(machine, given.text)) {
        const address = tryAddress(text);
        if (address === null) return machine.budget.fail("redirect needs a mail address");
        machine.act({ kind: "redirect", address, message: machine.redirected() });
      }
      if (!copies) machine.cancelKeep();
    };
  },
};

function oneAddress(machine: Machine, text: Text): string[] {
  return [machine.text(text)];
}

async function members(machine: Machine, text: Text): Promise<readonly string[]> {
  const found = await machine.input.lists.members(machine.text(text));
  return found ?? machine.budget.fail("There is no such list to redirect to");
}
