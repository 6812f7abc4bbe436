import type { Address, ReversePath } from "../core/address.ts";
import type { DsnRequest } from "../core/envelope.ts";
import type { Outcome } from "../core/outcome.ts";

/** One try to deliver one message to some recipients of one domain. */
export interface Attempt {
  readonly id: string;
  readonly sender: ReversePath;
  /** All of the same domain. */
  readonly recipients: readonly Address[];
  readonly smtputf8: boolean;
  readonly eightBit: boolean;
  /** Bytes that will be sent. */
  readonly size: number;
  /** REQUIRETLS (RFC 8689). */
  readonly requireTls?: boolean;
  /** BODY=BINARYMIME (RFC 3030): it can only go by BDAT. */
  readonly binary?: boolean;
  /** RFC 3461, to be passed on to a host that offers DSN; `recipients` is parallel to the recipients above. */
  readonly dsn?: DsnRequest;
  /** The message, from the start, each time it is called. */
  content(): AsyncIterable<Uint8Array>;
}

/**
 * Takes a message to where it belongs. Resolves with one outcome per recipient, `relayed`, `deferred` or `failed`; it does not
 * throw for anything that a remote host or the network does.
 */
export interface Courier {
  deliver(attempt: Attempt, signal: AbortSignal): Promise<Outcome[]>;
  /**
   * A name for the hosts that take the mail of a domain; domains with the same name share a queue. Missing, or rejecting: each
   * domain stands for itself.
   */
  destinationOf?(domain: string): Promise<string>;
}
