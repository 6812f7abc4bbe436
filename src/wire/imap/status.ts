import { ProtocolError } from "../../core/errors.ts";
import type { Decoder } from "./decoder.ts";
import { decodeMailbox } from "./mailbox.ts";

const ITEMS = [
  "MESSAGES",
  "RECENT",
  "UIDNEXT",
  "UIDVALIDITY",
  "UNSEEN",
  // RFC 7889 section 3.
  "APPENDLIMIT",
  // RFC 9051 section 6.3.11, RFC 9208 section 4.1.4.
  "DELETED",
  "DELETED-STORAGE",
  // RFC 7162 section 3.1.2.
  "HIGHESTMODSEQ",
  // RFC 8474 section 4.3.
  "MAILBOXID",
  // RFC 8438 section 2.
  "SIZE",
] as const;
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
  const items = decodeStatusItems(decoder);
  decoder.expectEnd();
  return { mailbox, items };
}

/** The list in parentheses, also of LIST (RFC 5819 section 4). */
export function decodeStatusItems(decoder: Decoder): StatusItem[] {
  const items = new Set<StatusItem>();
  decoder.expectList(() => {
    const word = decoder.expectKeyword("a status item");
    const item = ITEMS.find((known) => known === word);
    if (item === undefined) throw new ProtocolError(`STATUS knows ${ITEMS.join(", ")}`);
    items.add(item);
  });
  if (items.size === 0) throw new ProtocolError("Name at least one status item");
  return [...items];
}
