import { ProtocolError } from "../../core/errors.ts";
import type { Decoder } from "./decoder.ts";
import { decodeMailbox } from "./mailbox.ts";

const ITEMS = ["MESSAGES", "RECENT", "UIDNEXT", "UIDVALIDITY", "UNSEEN"] as const;
export type StatusItem = typeof ITEMS[number];

export interface StatusArguments {
  readonly mailbox: string;
  /** Each once, in the order asked for. */
  readonly items: readonly StatusItem[];
}

/** RFC 3501 section 6.3.10. */
export function decodeStatus(decoder: Decoder): StatusArguments {
  decoder.expectSpace();
  const mailbox = decodeMailbox(decoder);
  decoder.expectSpace();
  const items = new Set<StatusItem>();
  decoder.expectList(() => {
    const word = decoder.expectKeyword("a status item");
    const item = ITEMS.find((known) => known === word);
    if (item === undefined) throw new ProtocolError(`STATUS knows ${ITEMS.join(", ")}`);
    items.add(item);
  });
  if (items.size === 0) throw new ProtocolError("Name at least one status item");
  decoder.expectEnd();
  return { mailbox, items: [...items] };
}
