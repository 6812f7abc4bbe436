import type { Decoder } from "./decoder.ts";

/** RFC 5804 section 2.12: `CHECKSCRIPT script`. */
export function decodeCheckscript(args: Decoder): { readonly script: string } {
  args.expectSpace();
  const script = args.expectText("a script");
  args.expectEnd();
  return { script };
}
