import type { Arguments } from "../arguments.ts";
import type { MailboxTarget } from "../actions.ts";
import { takeFlags } from "../flags.ts";
import type { Machine } from "../machine.ts";
import type { CommandRow } from "../rows.ts";
import { isConstant } from "../text.ts";

/** RFC 5228 section 4.1, with RFC 3894 (`:copy`) and all that `takeTarget` takes. */
export const fileinto: CommandRow = {
  name: "fileinto",
  requires: "fileinto",
  compile({ args }) {
    const copies = args.flag("copy", { requires: "copy" });
    const { target, name } = takeTarget(args);
    const mailbox = args.expectString("the name of a mailbox");
    if (isConstant(mailbox.text)) name.check(mailbox.text, mailbox.at);
    return (machine) => {
      const text = machine.text(mailbox.text);
      if (!isName(text)) machine.budget.fail("fileinto needs the name of a mailbox");
      machine.act({ kind: "fileinto", target: target(machine, text), message: machine.version() });
      if (!copies) machine.cancelKeep();
    };
  },
};

interface TargetMaker {
  readonly target: (machine: Machine, mailbox: string) => MailboxTarget;
  readonly name: { check(text: string, at: { line: number; column: number }): void };
}

/**
 * Takes what says more of a mailbox: `:create` (RFC 5490 section 3.2), `:flags` (RFC 5232), `:specialuse` (RFC 8579 section 4) and
 * `:mailboxid` (RFC 9042 section 3).
 */
export function takeTarget(args: Arguments): TargetMaker {
  const create = args.flag("create", { requires: "mailbox" });
  const flags = takeFlags(args);
  const use = args.tagString("specialuse", { requires: "special-use" });
  const id = args.tagString("mailboxid", { requires: "mailboxid" });
  if (use !== null && id !== null) args.fail(":specialuse and :mailboxid cannot stand together", use.at);
  return {
    target: (machine, mailbox) => ({
      mailbox,
      create,
      flags: flags(machine),
      specialUse: use === null ? null : machine.text(use.text),
      mailboxId: id === null ? null : machine.text(id.text),
    }),
    name: {
      check(text, at) {
        if (!isName(text)) args.fail("This is no name of a mailbox", at);
      },
    },
  };
}

function isName(text: string): boolean {
  return text !== "" && text.length <= 1000 && !/[\x00-\x1f\x7f]/.test(text);
}
