import type { Decoder } from "./decoder.ts";
import { expectScriptName } from "./script_name.ts";

/** RFC 5804 section 2.6: `PUTSCRIPT name script`. */
export function decodePutscript(args: Decoder): { readonly name: string; readonly script: string } {
  args.expectSpace();
  const name = expectScriptName(args);
  args.expectSpace();
  const script = args.expectText("a script");
  args.expectEnd();
  return { name, script };
}
