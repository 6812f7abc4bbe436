import type { Decoder } from "./decoder.ts";
import { encodeLine, encodeLiteral } from "./encoder.ts";
import { expectScriptName } from "./script_name.ts";

/** RFC 5804 section 2.9: `GETSCRIPT name`. */
export function decodeGetscript(args: Decoder): { readonly name: string } {
  args.expectSpace();
  const name = expectScriptName(args);
  args.expectEnd();
  return { name };
}

/** Always a literal: it is what clients know, however short the script. */
export function encodeScript(text: string): Uint8Array {
  return encodeLine(encodeLiteral(text));
}
