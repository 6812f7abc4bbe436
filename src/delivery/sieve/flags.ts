import type { Arguments } from "./arguments.ts";
import type { Machine } from "./machine.ts";

/** More flags than a mailbox can have keywords serve nobody. */
const MAX_FLAGS = 100;
const MAX_FLAG_LENGTH = 100;

/** Takes `:flags`; without it an action has the flags of the internal variable (RFC 5232 section 5). */
export function takeFlags(args: Arguments): (machine: Machine) => readonly string[] {
  const texts = args.tagStrings("flags", { requires: "imap4flags" });
  if (texts === null) return (machine) => machine.flags;
  return (machine) => readFlags(machine.texts(texts));
}

/** A list of flags: strings with one or more flags, separated by spaces, each flag once in any case (RFC 5232 section 2). */
export function readFlags(texts: readonly string[]): string[] {
  const found = new Map<string, string>();
  for (const flag of texts.flatMap((text) => text.split(" "))) {
    if (isFlag(flag) && !found.has(flag.toLowerCase()) && found.size < MAX_FLAGS) {
      found.set(flag.toLowerCase(), flag);
    }
  }
  return [...found.values()];
}

/** `\Seen` and its kin, or a keyword: an atom of IMAP (RFC 3501 section 9); what is neither is passed over. */
function isFlag(flag: string): boolean {
  if (flag.startsWith("\\")) return SYSTEM_FLAGS.has(flag.toLowerCase());
  return flag.length > 0 && flag.length <= MAX_FLAG_LENGTH &&
    /^[\x21\x23\x24\x26\x27\x2b-\x5b\x5e-\x7a\x7c-\x7e]+$/.test(flag);
}

const SYSTEM_FLAGS: ReadonlySet<string> = new Set([
  "\\answered",
  "\\deleted",
  "\\draft",
  "\\flagged",
  "\\seen",
]);
