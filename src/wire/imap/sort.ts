import { ProtocolError } from "../../core/errors.ts";
import type { Decoder } from "./decoder.ts";
import { decodeInCharset, type SearchArguments } from "./search.ts";
import { tryDecodeReturn } from "./search_return.ts";

/** RFC 5256 section 3, with those of RFC 5957 and RFC 6203 section 5. */
export const SORT_CRITERIA = [
  "arrival",
  "cc",
  "date",
  "displayfrom",
  "displayto",
  "from",
  "relevancy",
  "size",
  "subject",
  "to",
] as const;
export type SortKey = typeof SORT_CRITERIA[number];

export interface SortArguments {
  readonly order: readonly { readonly by: SortKey; readonly descending: boolean }[];
  readonly search: SearchArguments;
}

const MAX_CRITERIA = 50;

/** RFC 5256 section 3, with RETURN (RFC 5267 section 3). Here a charset must be named. */
export function decodeSort(decoder: Decoder): SortArguments {
  decoder.expectSpace();
  const returns = tryDecodeReturn(decoder);
  const order = decodeOrder(decoder);
  decoder.expectSpace();
  return { order, search: decodeInCharset(decoder, returns) };
}

function decodeOrder(decoder: Decoder): SortArguments["order"] {
  const order: { by: SortKey; descending: boolean }[] = [];
  decoder.expectList(() => {
    // It reverses the one criterion behind it.
    const descending = decoder.tryKeyword("REVERSE");
    if (descending) decoder.expectSpace();
    const word = decoder.expectKeyword("a sort criterion").toLowerCase();
    const by = SORT_CRITERIA.find((known) => known === word);
    if (by === undefined) throw new ProtocolError("No such sort criterion");
    order.push({ by, descending });
    if (order.length > MAX_CRITERIA) throw new ProtocolError("Too many sort criteria");
  });
  if (order.length === 0) throw new ProtocolError("Name at least one sort criterion");
  return order;
}
