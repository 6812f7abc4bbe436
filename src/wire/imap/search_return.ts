import { ProtocolError } from "../../core/errors.ts";
import type { Decoder } from "./decoder.ts";
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
  /** RFC 5267: changes of the result are told. */
  readonly update: boolean;
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
  const flags = new Set<string>();
  let partial: PartialRange | null = null;
  decoder.expectList(() => {
    const word = decoder.expectKeyword("a return option");
    const item = ITEMS.find((known) => known === word);
    if (item !== undefined) items.add(item);
    else if (word === "PARTIAL") {
      if (partial !== null) throw new ProtocolError("Ask for one PARTIAL at a time");
      decoder.expectSpace();
      partial = decodePartialRange(decoder);
    } else if (FLAGS.has(word)) flags.add(word);
    else throw new ProtocolError("No such return option");
  });
  // RFC 9394 section 3.1.
  if (partial !== null && items.has("ALL")) {
    throw new ProtocolError("Ask for ALL or for PARTIAL, not for both");
  }
  const [save, update] = [flags.has("SAVE"), flags.has("UPDATE")];
  // RFC 4731 section 3.1: nothing asked for is ALL. SAVE or UPDATE alone want no result told (RFC 5182 section 2.1).
  if (items.size === 0 && partial === null && !save && !update) items.add("ALL");
  return { items, partial, save, update };
}

/** CONTEXT is a hint only (RFC 5267 section 4.2): we need none. */
const FLAGS: ReadonlySet<string> = new Set(["SAVE", "UPDATE", "CONTEXT"]);
