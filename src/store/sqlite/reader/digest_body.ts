import { DigestBuilder } from "../../../wire/mime/mod.ts";
import { CHUNK_BYTES } from "../protocol.ts";
import { readChunk } from "./body.ts";
import type { SlicedQuery } from "./query.ts";

/**
 * Parses a large staged message. It is done here and not in the writer, whose other work must not wait for it, and not while the
 * chunks come, because the prefix that goes before them is known only at the end.
 */
export const digestBody: SlicedQuery<"digestBody"> = function* (db, { bodyId, prefix, length }) {
  const builder = new DigestBuilder();
  builder.write(prefix);
  for (let place = 0; place * CHUNK_BYTES < length; place++) {
    const chunk = readChunk(db, bodyId, place);
    builder.write(chunk);
    yield chunk.length;
  }
  return JSON.stringify(builder.finish());
};
