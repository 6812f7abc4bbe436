import type { Address, ReversePath } from "./address.ts";

/** What travels beside the message (RFC 5321 section 2.3.1). */
export interface Envelope {
  readonly sender: ReversePath;
  readonly recipients: readonly Address[];
  /** The sender asked for SMTPUTF8 (RFC 6531): addresses or headers may hold UTF-8. */
  readonly smtputf8: boolean;
  /** The sender declared BODY=8BITMIME (RFC 6152), or BINARYMIME. */
  readonly eightBit: boolean;
  /** The sender declared BODY=BINARYMIME (RFC 3030): the message may hold any bytes, line ends of any kind too. */
  readonly binary?: boolean;
  /** What the sender wants to be told (RFC 3461); missing when nothing was said. */
  readonly dsn?: DsnRequest;
  /** REQUIRETLS (RFC 8689): never send it on without TLS whose certificate was verified. */
  readonly requireTls?: boolean;
  /** FUTURERELEASE (RFC 4865): not before this time, in milliseconds since 1970. */
  readonly holdUntil?: number;
}

/** RFC 3461 section 4. */
export interface DsnRequest {
  /** RET: how much of the message comes back with a report of failure; null when not said. */
  readonly returns: "full" | "headers" | null;
  /** ENVID, decoded from xtext. */
  readonly envelopeId: string | null;
  /** One for each recipient, in the same order. */
  readonly recipients: readonly RecipientDsn[];
}

export type NotifyOn = "success" | "failure" | "delay";

export interface RecipientDsn {
  /** NOTIFY; null when not said, empty for NEVER. */
  readonly notify: readonly NotifyOn[] | null;
  /** ORCPT: its type and the address, decoded from xtext, as in `rfc822;alice@example.com`. */
  readonly originalRecipient: string | null;
}

/** Nothing was said about a recipient. */
export const NO_DSN: RecipientDsn = { notify: null, originalRecipient: null };
