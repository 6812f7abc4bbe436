import type { Decoder } from "./decoder.ts";
import { expectScriptName } from "./script_name.ts";

/** RFC 5804 section 2.5: `HAVESPACE name bytes`. */
export function decodeHavespace(args: Decoder): { readonly name: string; readonly bytes: number } {
  args.expectSpace();
  const name = expectScriptName(args);
  args.expectSpace();
  const bytes = args.expectNumber();
  args.expectEnd();
  return { name, bytes };
}
