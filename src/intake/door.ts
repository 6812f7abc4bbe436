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
}

/** The one way in for messages, with the checks that can be made before the message comes. */
export interface Door {
  /**
   * At MAIL FROM. Throws `Refusal`: 553 5.7.1 when an account sends as an address that is not its own.
   */
  checkSender(sender: ReversePath, visitor: Visitor): void;
  /**
   * At RCPT TO. Throws `Refusal`: 550 5.1.1 unknown user, 550 5.7.1 relaying denied, 452 4.2.2 mailbox full.
   */
  checkRecipient(recipient: Address, sender: ReversePath, visitor: Visitor): Promise<void>;
  readonly submit: Submit;
}
