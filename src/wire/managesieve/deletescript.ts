import type { Decoder } from "./decoder.ts";
import { expectScriptName } from "./script_name.ts";

/** RFC 5804 section 2.10: `DELETESCRIPT name`. */
export function decodeDeletescript(args: Decoder): { readonly name: string } {
  args.expectSpace();
  const name = expectScriptName(args);
  args.expectEnd();
  return { name };
}
