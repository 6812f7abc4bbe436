import type { Decoder } from "./decoder.ts";
import { expectScriptNameOrNone } from "./script_name.ts";

/** RFC 5804 section 2.8: `SETACTIVE name`; null for the empty name, by which no script is active any more. */
export function decodeSetactive(args: Decoder): { readonly name: string | null } {
  args.expectSpace();
  const name = expectScriptNameOrNone(args);
  args.expectEnd();
  return { name };
}
