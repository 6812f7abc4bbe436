import type { Decoder } from "./decoder.ts";

/** RFC 5804 section 2.13: `NOOP [tag]`; the tag comes back in the response. */
export function decodeNoop(args: Decoder): { readonly tag: string | null } {
  const tag = args.trySpace() ? args.expectText("a tag") : null;
  args.expectEnd();
  return { tag };
}
