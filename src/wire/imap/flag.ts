import { ProtocolError } from "../../core/errors.ts";
import { BACKSLASH } from "./chars.ts";
import type { Decoder } from "./decoder.ts";

/** The system flags that a client may set (RFC 3501 section 2.3.2), in the order in which they are shown. */
export const SYSTEM_FLAGS: readonly string[] = ["\\Answered", "\\Flagged", "\\Deleted", "\\Seen", "\\Draft"];

/** A flag to set: a system flag in its usual spelling, or a keyword as it came. */
export function decodeFlag(decoder: Decoder): string {
  if (!decoder.tryByte(BACKSLASH)) return decoder.expectAtom("a flag");
  const name = `\\${decoder.expectAtom("a flag")}`;
  const known = SYSTEM_FLAGS.find((flag) => flag.toLowerCase() === name.toLowerCase());
  // \Recent is ours to set (RFC 3501 section 2.3.2); others beginning with a backslash are reserved.
  if (known === undefined) throw new ProtocolError("Use a keyword, or one of " + SYSTEM_FLAGS.join(" "));
  return known;
}

/** `(flag flag)`, also empty. */
export function tryDecodeFlagList(decoder: Decoder): string[] | null {
  const flags: string[] = [];
  return decoder.tryList(() => flags.push(decodeFlag(decoder))) ? flags : null;
}
