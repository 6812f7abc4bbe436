import { decodeLatin1 } from "../../core/bytes.ts";
import type { Decoder } from "./decoder.ts";
import { type SearchReturn, tryDecodeReturn } from "./search_return.ts";
import { decodeSearchTerm, type SearchTerm } from "./search_term.ts";

export type SearchArguments =
  | {
    readonly kind: "search";
    /** What was said after RETURN; null when nothing was. */
    readonly returns: SearchReturn | null;
    /** Whether a charset was named. */
    readonly namesCharset: boolean;
    readonly term: SearchTerm;
  }
  | BadCharset;

export interface BadCharset {
  readonly kind: "bad-charset";
  readonly returns: SearchReturn | null;
}

export const SEARCH_CHARSETS: readonly string[] = ["US-ASCII", "UTF-8"];

/** RFC 3501 section 6.4.4, with RETURN (RFC 4731 section 3.1). */
export function decodeSearch(decoder: Decoder): SearchArguments {
  decoder.expectSpace();
  return decodeProgram(decoder, tryDecodeReturn(decoder));
}

/** `[CHARSET charset ] keys`, to the end of the command. */
export function decodeProgram(decoder: Decoder, returns: SearchReturn | null): SearchArguments {
  const namesCharset = decoder.tryKeyword("CHARSET");
  if (namesCharset) {
    decoder.expectSpace();
    const unknown = decodeCharset(decoder, returns);
    if (unknown !== null) return unknown;
    decoder.expectSpace();
  }
  const term = decodeSearchTerm(decoder);
  decoder.expectEnd();
  return { kind: "search", returns, namesCharset, term };
}

/** Null for a charset that we know. What follows an unknown one cannot be read. */
export function decodeCharset(decoder: Decoder, returns: SearchReturn | null): BadCharset | null {
  const charset = decodeLatin1(decoder.expectAstring("a charset"));
  return SEARCH_CHARSETS.includes(charset.toUpperCase()) ? null : { kind: "bad-charset", returns };
}
