/**
 * The port through which an account's own rules decide what becomes of its mail. The door asks, `delivery/filter` answers; neither
 * knows the other.
 */
import type { Address, ReversePath } from "./address.ts";
import type { SubmitContext } from "./ports.ts";
import type { Reply } from "./reply.ts";

export interface Filter {
  /** Whether there are rules for this account's mail. Asked for every message: what is known is said at once. */
  hasRules(account: string): boolean | Promise<boolean>;
  /** What the rules say. Never rejects for what stands in a rule or a message: then the message is kept. */
  judge(request: FilterRequest): Promise<FilterDecision>;
}

export interface FilterRequest {
  readonly account: string;
  readonly sender: ReversePath;
  /** The recipient of the envelope by which the account was reached. */
  readonly recipient: Address;
  /** Whoever brought it says so, or a scanner before us. */
  readonly isSpam: boolean;
  readonly context: SubmitContext;
  readonly message: FilteredMessage;
}

/** The message as it came, before any field of ours. */
export interface FilteredMessage {
  readonly size: number;
  /** The bytes from `start` to `end`. */
  read(start: number, end: number): Promise<Uint8Array>;
}

/** The message as the rules have made it; null where it is as it came. */
export interface EditedMessage {
  /** The whole top header with its blank line. */
  readonly header: Uint8Array | null;
  readonly body: Uint8Array | null;
}

export interface FilterDecision {
  /** Where the message goes here; nowhere when it is discarded. */
  readonly local: readonly FilteredDelivery[];
  readonly redirects: readonly { readonly to: Address; readonly message: EditedMessage }[];
  /** The owner does not want it; then the rest is empty. */
  readonly refusal: FilterRefusal | null;
  /** What is done when the message is in the mailboxes: answers, notices, marks. Never rejects. */
  readonly afterwards: (() => Promise<void>) | null;
}

export interface FilterRefusal {
  readonly reply: Reply;
  /** It may be reported to the sender, when the sender's server cannot be told any more: no program sent it. */
  readonly mayReport: boolean;
}

export interface FilteredDelivery {
  readonly mailbox: string;
  readonly flags: readonly string[];
  readonly message: EditedMessage;
}

export const UNEDITED: EditedMessage = { header: null, body: null };
