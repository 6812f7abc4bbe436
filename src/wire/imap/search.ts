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
  if (!namesCharset) {
    const term = decodeSearchTerm(decoder);
    decoder.expectEnd();
    return { kind: "search", returns, namesCharset, term };
  }
  decoder.expectSpace();
  return decodeInCharset(decoder, returns);
}

/**
 * `charset keys`, to the end of the command. Of what is said in a charset that we do not know the syntax must be right all the same: NO
 * is for the charset (RFC 3501 section 6.4.4), BAD for the rest.
 */
export function decodeInCharset(decoder: Decoder, returns: SearchReturn | null): SearchArguments {
  const charset = decodeLatin1(decoder.expectAstring("a charset"));
  const isKnown = SEARCH_CHARSETS.includes(charset.toUpperCase());
  decoder.expectSpace();
  const term = isKnown ? decodeSearchTerm(decoder) : decodeSearchTerm(decoder, passOverText);
  decoder.expectEnd();
  return isKnown ? { kind: "search", returns, namesCharset: true, term } : { kind: "bad-charset", returns };
}

function passOverText(decoder: Decoder): string {
  decoder.expectAstring("a text to search for");
  return "";
}
