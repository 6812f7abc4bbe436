import { ProtocolError } from "../../core/errors.ts";
import { OPEN } from "./chars.ts";
import type { Decoder } from "./decoder.ts";
import { decodeItems, type FetchItem } from "./fetch.ts";
import { decodePartialRange, type PartialRange } from "./partial.ts";

/** RFC 4731 section 3.1, and RELEVANCY of RFC 6203 section 4. */
const ITEMS = ["MIN", "MAX", "ALL", "COUNT", "RELEVANCY"] as const;
export type ReturnItem = typeof ITEMS[number];

/** What a search shall answer with. */
export interface SearchReturn {
  readonly items: ReadonlySet<ReturnItem>;
  /** RFC 9394; never together with ALL. */
  readonly partial: PartialRange | null;
  /** RFC 5182: the result is kept as `$`. */
  readonly save: boolean;
  /** RFC 5267: changes of the result are told, with these items of each new message (RFC 5465 section 7); null when not. */
  readonly update: readonly FetchItem[] | null;
}

/** Takes `RETURN (options) ` when it stands here. */
export function tryDecodeReturn(decoder: Decoder): SearchReturn | null {
  if (!decoder.tryKeyword("RETURN")) return null;
  decoder.expectSpace();
  const options = decodeOptions(decoder);
  decoder.expectSpace();
  return options;
}

function decodeOptions(decoder: Decoder): SearchReturn {
  const items = new Set<ReturnItem>();
  let save = false;
  let update: readonly FetchItem[] | null = null;
  let partial: PartialRange | null = null;
  let before = "";
  decoder.expectList(() => {
    // The items of UPDATE stand behind a space, which the grammar of RFC 5465 section 8 forgot and its example has.
    if (before === "UPDATE" && decoder.next === OPEN) {
      update = decodeItems(decoder);
      before = "";
      return;
    }
    const word = before = decoder.expectKeyword("a return option");
    const item = ITEMS.find((known) => known === word);
    if (item !== undefined) items.add(item);
    else if (word === "PARTIAL") {
      if (partial !== null) throw new ProtocolError("Ask for one PARTIAL at a time");
      decoder.expectSpace();
      partial = decodePartialRange(decoder);
    } else if (word === "SAVE") save = true;
    else if (word === "UPDATE") update = decoder.next === OPEN ? decodeItems(decoder) : [];
    // CONTEXT is a hint only (RFC 5267 section 4.2): we need none.
    else if (word !== "CONTEXT") throw new ProtocolError("No such return option");
  });
  // RFC 9394 section 3.1.
  if (partial !== null && items.has("ALL")) {
    throw new ProtocolError("Ask for ALL or for PARTIAL, not for both");
  }
  // RFC 4731 section 3.1: nothing asked for is ALL. SAVE or UPDATE alone want no result told (RFC 5182 section 2.1).
  if (items.size === 0 && partial === null && !save && update === null) items.add("ALL");
  return { items, partial, save, update };
}
