import type { Decoder } from "./decoder.ts";
import { decodeListMailbox, decodeMailbox } from "./mailbox.ts";

export interface ListArguments {
  readonly reference: string;
  readonly pattern: string;
}

/** LIST and LSUB (RFC 3501 sections 6.3.8 and 6.3.9). */
export function decodeList(decoder: Decoder): ListArguments {
  decoder.expectSpace();
  const reference = decodeMailbox(decoder);
  decoder.expectSpace();
  const pattern = decodeListMailbox(decoder);
  decoder.expectEnd();
  return { reference, pattern };
}
