import { ProtocolError } from "../../core/errors.ts";
import type { Decoder } from "./decoder.ts";

/** How the arguments of each parameter are read. */
export type ModifierTable = ReadonlyMap<string, (decoder: Decoder) => void>;

/**
 * The list of parameters that a command may have (RFC 4466 section 2): each a word, with its arguments if it has any, and each
 * once.
 */
export function decodeModifiers(decoder: Decoder, table: ModifierTable): void {
  const seen = new Set<string>();
  decoder.expectList(() => {
    const word = decoder.expectKeyword("a modifier");
    const decode = table.get(word);
    if (decode === undefined) throw new ProtocolError("No such modifier");
    if (seen.has(word)) throw new ProtocolError("Give each modifier once");
    seen.add(word);
    decode(decoder);
  });
  if (seen.size === 0) throw new ProtocolError("Name at least one modifier");
}
