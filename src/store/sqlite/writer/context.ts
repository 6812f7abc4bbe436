import type { Database } from "../database.ts";
import type { Effects, WriteKind, Writes } from "../protocol.ts";
import type { KeywordBook } from "./keywords.ts";

/** What writes changed that others want to know, collected while they run. */
export class EffectLog {
  readonly #mailboxes = new Map<number, number>();
  spoolTouched = false;
  queuedMessages = 0;
  queuedRecipients = 0;
  litter = false;
  bodies = 0;

  mailboxChanged(mailboxId: number, modseq: number): void {
    this.#mailboxes.set(mailboxId, modseq);
  }

  add(other: EffectLog): void {
    for (const [id, modseq] of other.#mailboxes) this.#mailboxes.set(id, modseq);
    this.spoolTouched ||= other.spoolTouched;
    this.queuedMessages += other.queuedMessages;
    this.queuedRecipients += other.queuedRecipients;
    this.litter ||= other.litter;
    this.bodies += other.bodies;
  }

  pack(): Effects {
    const { spoolTouched, queuedMessages, queuedRecipients, litter, bodies } = this;
    return {
      mailboxes: [...this.#mailboxes],
      spoolTouched,
      queuedMessages,
      queuedRecipients,
      litter,
      bodies,
    };
  }
}

/** What a command works with. */
export interface WriteContext {
  readonly db: Database;
  readonly now: number;
  readonly effects: EffectLog;
  readonly keywords: KeywordBook;
  /** Expunged messages are hidden before they go for good. */
  readonly keepsExpunged: boolean;
}

export type Command<K extends WriteKind> = (
  context: WriteContext,
  args: Writes[K]["args"],
) => Writes[K]["result"];
