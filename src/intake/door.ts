import type { Address, ReversePath } from "../core/address.ts";
import type { Submit } from "../core/ports.ts";

/** Who speaks: what the checks before the message may look at. */
export interface Visitor {
  readonly sessionId: string;
  readonly address: string;
  readonly helo: string;
  /** The authenticated account, or null. */
  readonly account: string | null;
  readonly tls: boolean;
  /** The size declared with SIZE (RFC 1870); missing when none was. */
  readonly declaredSize?: number;
  /** The recipient came with a source route, which was dropped (RFC 5321 section 3.3). */
  readonly routed?: boolean;
  /** The message is to be held (RFC 4865). */
  readonly holds?: boolean;
}

/** The one way in for messages, with the checks that can be made before the message comes. */
export interface Door {
  /**
   * At MAIL FROM. Throws `Refusal`: 553 5.7.1 when an account sends as an address that is not its own.
   */
  checkSender(sender: ReversePath, visitor: Visitor): void;
  /**
   * At RCPT TO. Throws `Refusal`: 550 5.1.1 unknown user, 550 5.7.1 relaying denied or a routed address,
   * 452 4.2.2 mailbox full, 552 5.2.2 a message that never fits, 450 4.7.1 the account has sent enough for a day,
   * 550 5.3.3 a recipient here of a message that is to be held.
   */
  checkRecipient(recipient: Address, sender: ReversePath, visitor: Visitor): Promise<void>;
  readonly submit: Submit;
}
