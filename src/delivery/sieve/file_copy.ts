import type { Arguments } from "./arguments.ts";
import type { FileCopy } from "./actions.ts";
import { takeTarget } from "./cmd/fileinto.ts";
import type { Machine } from "./machine.ts";

/** Takes `:fcc` and what says more of its mailbox (RFC 8580 section 3). */
export function takeCopy(args: Arguments): (machine: Machine) => FileCopy | null {
  const mailbox = args.tagString("fcc", { requires: "fcc" });
  if (mailbox === null) return () => null;
  const { target } = takeTarget(args);
  return (machine) => target(machine, machine.text(mailbox.text));
}
