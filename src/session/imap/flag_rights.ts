/** Who may change which flag (RFC 4314 section 4): \Deleted and \Seen have rights of their own, all other flags share one. */
import { no, SYSTEM_FLAGS } from "../../wire/imap/mod.ts";
import type { FlagChange, KeptFlags } from "../../store/mod.ts";
import type { Right } from "./access.ts";
import { Rejection } from "./errors.ts";

const FLAG_RIGHTS: ReadonlyMap<string, Right> = new Map([["\\seen", "s"], ["\\deleted", "t"]]);

export function rightForFlag(flag: string): Right {
  return FLAG_RIGHTS.get(flag.toLowerCase()) ?? "w";
}

/** Those of the flags that may be changed with these rights. */
export function flagsWithin(rights: string, flags: readonly string[]): string[] {
  return flags.filter((flag) => rights.includes(rightForFlag(flag)));
}

/** Which flags a message that is copied into a mailbox with these rights keeps. */
export function keptWithin(rights: string): KeptFlags {
  return { seen: rights.includes("s"), deleted: rights.includes("t"), others: rights.includes("w") };
}

/**
 * What is left of a change with these rights, as one or two changes. A flag that may not be changed keeps its value, and the
 * rest is done; only when nothing at all may be changed the answer is NO.
 */
export function permittedChanges(
  change: FlagChange,
  may: { readonly rights: string; readonly keywords: readonly string[] },
): readonly FlagChange[] {
  const flags = flagsWithin(may.rights, change.flags);
  if (flags.length === change.flags.length && change.kind !== "set") return [change];
  const known = [...SYSTEM_FLAGS, ...may.keywords];
  const changeable = flagsWithin(may.rights, known);
  if (changeable.length === 0 || (flags.length === 0 && change.flags.length > 0)) {
    throw new Rejection(no("You lack the right to change these flags", { code: "NOPERM" }));
  }
  if (change.kind !== "set") return [{ kind: change.kind, flags }];
  if (changeable.length === known.length) return [change];
  const named = new Set(flags.map((flag) => flag.toLowerCase()));
  const others = changeable.filter((flag) => !named.has(flag.toLowerCase()));
  return [{ kind: "add", flags }, { kind: "remove", flags: others }];
}
