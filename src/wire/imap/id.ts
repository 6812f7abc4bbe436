import { decodeUtf8 } from "../../core/bytes.ts";
import { ProtocolError } from "../../core/errors.ts";
import type { Decoder } from "./decoder.ts";

/** RFC 2971 section 3.3: at most 30 pairs, names of at most 30 bytes, values of at most 1024. */
const MAX_PAIRS = 30;
const MAX_NAME = 30;
const MAX_VALUE = 1024;

/** What the client says about itself; empty for NIL. Names in lower case. */
export function decodeId(decoder: Decoder): ReadonlyMap<string, string> {
  const fields = new Map<string, string>();
  decoder.expectSpace();
  const isList = decoder.tryList(() => {
    const name = decoder.expectString();
    decoder.expectSpace();
    const value = decoder.expectNstring();
    if (name.length > MAX_NAME || (value?.length ?? 0) > MAX_VALUE || fields.size >= MAX_PAIRS) {
      throw new ProtocolError("The ID list is longer than RFC 2971 section 3.3 allows");
    }
    if (value !== null) fields.set(decodeUtf8(name).toLowerCase(), decodeUtf8(value));
  });
  if (!isList && !decoder.tryKeyword("NIL")) decoder.fail("a list or NIL");
  decoder.expectEnd();
  return fields;
}
