import type { QueuedMessage } from "./spool.ts";

export interface ChangeNotice {
  readonly mailboxId: number;
  readonly highestModseq: number;
}

/** Something about an account's mailboxes that is not in them: which there are, which are subscribed, and annotations. */
export type AccountNotice =
  | { readonly account: string; readonly what: "mailboxes" | "subscriptions" }
  | {
    readonly account: string;
    readonly what: "annotations";
    /** Null for the server's. */
    readonly mailboxId: number | null;
    readonly entries: readonly string[];
  };

export interface Bus {
  /** Calls after every commit that changed the mailbox, in this process; returns how to stop it. */
  watchMailbox(mailboxId: number, listener: (notice: ChangeNotice) => void): () => void;
  /**
   * Calls after every commit that made, renamed or removed a mailbox of the account, or may have, or changed what it is subscribed
   * to or its annotations.
   */
  watchAccount(account: string, listener: (notice: AccountNotice) => void): () => void;
  /**
   * Calls when something was put into the queue, then with what it was, so that nobody need read it back; and when something
   * came due by command, then with nothing.
   */
  watchSpool(listener: (fresh: readonly QueuedMessage[]) => void): () => void;
}
