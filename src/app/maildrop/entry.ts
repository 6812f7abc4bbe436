import { z } from "zod";
import { type Address, formatAddress, type ReversePath } from "../../core/address.ts";
import { encodeUtf8, LF, tryDecodeUtf8 } from "../../core/bytes.ts";
import { parseMailbox } from "../../wire/smtp/mod.ts";

/** One message in the maildrop: its envelope stands in the first line of the file, as JSON, and the message follows. */
export interface DropEnvelope {
  readonly sender: ReversePath;
  readonly recipients: readonly Address[];
}

/** The first line is read before the message is; more is no envelope of ours. */
export const MAX_ENVELOPE = 256 * 1024;
export const MAX_RECIPIENTS = 1000;

/** A file that no `sendmail` of ours has written. */
export class BadEntryError extends Error {
  override readonly name = "BadEntryError";
}

const schema = z.strictObject({
  version: z.literal(1),
  sender: z.string().max(1000),
  recipients: z.array(z.string().max(1000)).min(1).max(MAX_RECIPIENTS),
});

export function encodeEnvelope({ sender, recipients }: DropEnvelope): Uint8Array {
  const line = JSON.stringify({
    version: 1,
    sender: formatAddress(sender),
    recipients: recipients.map(formatAddress),
  });
  return encodeUtf8(`${line}\n`);
}

/** Reads the envelope off the beginning of a file; `size` is where the message begins. Throws `BadEntryError`. */
export function decodeEnvelope(start: Uint8Array): { envelope: DropEnvelope; size: number } {
  const end = start.indexOf(LF);
  if (end < 0 || end > MAX_ENVELOPE) throw new BadEntryError("The first line is no envelope");
  try {
    const { sender, recipients } = schema.parse(JSON.parse(tryDecodeUtf8(start.subarray(0, end)) ?? ""));
    return {
      envelope: {
        sender: sender === "" ? null : parseMailbox(sender),
        recipients: recipients.map(parseMailbox),
      },
      size: end + 1,
    };
  } catch (error) {
    throw new BadEntryError(
      `The first line is no envelope: ${error instanceof Error ? error.message : error}`,
    );
  }
}
