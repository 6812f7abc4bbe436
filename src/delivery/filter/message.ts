import type { FilteredMessage } from "../../core/filter.ts";
import { DigestBuilder, type HeaderField, headerFields } from "../../wire/mime/mod.ts";
import type { SieveMessage } from "../sieve/mod.ts";

const PIECE = 64 * 1024;

export interface OpenedMessage extends SieveMessage {
  /** The fields of its header, in their order. */
  readonly fields: readonly HeaderField[];
}

/** Takes a message apart, in slices between which others have the thread. */
export async function openMessage(
  message: FilteredMessage,
  rest: () => Promise<void>,
): Promise<OpenedMessage> {
  const builder = new DigestBuilder();
  for (let at = 0; at < message.size; at += PIECE) {
    builder.write(await message.read(at, Math.min(at + PIECE, message.size)));
    if (at + PIECE < message.size) await rest();
  }
  const digest = builder.finish();
  const fields = headerFields(await message.read(0, digest.structure.bodyStart));
  return { size: message.size, digest, fields, read: (start, end) => message.read(start, end) };
}
