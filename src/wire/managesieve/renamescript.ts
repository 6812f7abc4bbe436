import type { Decoder } from "./decoder.ts";
import { expectScriptName } from "./script_name.ts";

/** RFC 5804 section 2.11: `RENAMESCRIPT old new`. */
export function decodeRenamescript(args: Decoder): { readonly from: string; readonly to: string } {
  args.expectSpace();
  const from = expectScriptName(args);
  args.expectSpace();
  const to = expectScriptName(args);
  args.expectEnd();
  return { from, to };
}
