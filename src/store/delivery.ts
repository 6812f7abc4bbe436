import type { StagedBody } from "./bodies.ts";
import type { NewQueueEntry } from "./spool.ts";
import type { SpacedFact } from "./trace.ts";

/** Into INBOX unless `mailbox` names another, which is made if it is missing. An account may have it in several. */
export interface LocalDelivery {
  readonly account: string;
  readonly mailbox?: string;
  readonly flags?: readonly string[];
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
  readonly facts?: readonly SpacedFact[];
}
