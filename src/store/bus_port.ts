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
    /** Who set them, when it was not the account itself: then they are the shared ones of a mailbox of this account. */
    readonly by?: string;
  };

export interface Bus {
  /** Calls after every commit that changed the mailbox, in this process; returns how to stop it. */
  watchMailbox(mailboxId: number, listener: (notice: ChangeNotice) => void): () => void;
  /**
   * Calls after every commit that made, renamed or removed a mailbox of the account, or may have, or changed what it is subscribed
   * to, its annotations or the shared ones of its mailboxes, or what it may do with the mailboxes of others. The identifier `anyone`
   * (RFC 4314) is listened to like an account.
   */
  watchAccount(account: string, listener: (notice: AccountNotice) => void): () => void;
  /**
   * Calls when something was put into the queue, then with what it was, so that nobody need read it back; and when something
   * came due by command, then with nothing.
   */
  watchSpool(listener: (fresh: readonly QueuedMessage[]) => void): () => void;
}
