import type { StagedBody } from "./bodies.ts";
import type { QuotaLimit } from "./quota.ts";
import type { NewQueueEntry } from "./spool.ts";
import type { SpacedFact } from "./trace.ts";

/** Into INBOX unless `mailbox` names another, which is made if it is missing. An account may have it in several. */
export interface LocalDelivery {
  readonly account: string;
  readonly mailbox?: string;
  readonly flags?: readonly string[];
  /** What the account may have in all. If that is too little for all that it is to get here, it gets nothing of it. */
  readonly quota?: QuotaLimit;
}

/** With an account it is put only if that account gets the message. */
export interface DeliveryFact extends SpacedFact {
  readonly account?: string;
}

export interface Accepted {
  /** Accounts that did not get the message, because their quotas left no room. */
  readonly full: readonly string[];
}

export interface Delivery {
  /** `SubmitContext.id`. */
  readonly id: string;
  readonly body: StagedBody;
  readonly receivedAt: number;
  readonly local: readonly LocalDelivery[];
  /** The same message with another text, for those who had it changed. */
  readonly edited?: readonly { readonly body: StagedBody; readonly local: readonly LocalDelivery[] }[];
  readonly queued: NewQueueEntry | null;
  /** Put in the same commit, as `FactStore.put` does: that this message is here. */
  readonly facts?: readonly DeliveryFact[];
}
