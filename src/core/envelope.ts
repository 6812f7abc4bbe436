import type { Address, ReversePath } from "./address.ts";

/** What travels beside the message (RFC 5321 section 2.3.1). */
export interface Envelope {
  readonly sender: ReversePath;
  readonly recipients: readonly Address[];
  /** The sender asked for SMTPUTF8 (RFC 6531): addresses or headers may hold UTF-8. */
  readonly smtputf8: boolean;
  /** The sender declared BODY=8BITMIME (RFC 6152). */
  readonly eightBit: boolean;
}
