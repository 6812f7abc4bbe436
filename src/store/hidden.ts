/** Expunged messages, which are kept for `undelete_days`: they are in no mailbox, and can be brought back. */

export interface HiddenMessage {
  /** Grows with each message that is expunged. */
  readonly id: number;
  /** Where it lay, by the name that the mailbox had then. */
  readonly mailbox: string;
  readonly expungedAt: number;
  readonly internalDate: number;
  readonly size: number;
  /** As they stood in the header; null when there was none. */
  readonly subject: string | null;
  readonly from: string | null;
}

export interface HiddenFilter {
  /** Expunged then or later. */
  readonly since?: number;
  readonly mailbox?: string;
}

/** What came back into one mailbox. */
export interface Restored {
  readonly mailbox: string;
  readonly messages: number;
  readonly bytes: number;
}

export interface HiddenStore {
  /** In the order in which they were expunged; 100 unless said otherwise. */
  list(
    account: string,
    filter?: HiddenFilter,
    page?: { readonly after?: number; readonly limit?: number },
  ): Promise<HiddenMessage[]>;
  /**
   * Brings back what fits: to the mailbox of that name when there is one, else to the one that had it and was renamed, else to
   * `RECOVERED`, which is made; under new UIDs, with its flags but for \Deleted, and its internal date. No quota stands in the way. In slices: one that fails leaves each message
   * either hidden or back.
   */
  restore(account: string, filter?: HiddenFilter): Promise<Restored[]>;
}

export const RECOVERED = "Recovered";

/** Adds up what slices brought back. */
export function sumRestored(parts: readonly Restored[]): Restored[] {
  const sums = new Map<string, Restored>();
  for (const { mailbox, messages, bytes } of parts) {
    const sum = sums.get(mailbox) ?? { mailbox, messages: 0, bytes: 0 };
    sums.set(mailbox, { mailbox, messages: sum.messages + messages, bytes: sum.bytes + bytes });
  }
  return [...sums.values()];
}

/** The sender as a list shows it. */
export function senderText(
  from: readonly { readonly mailbox: string | null; readonly host: string | null }[],
): string | null {
  const first = from.find(({ host }) => host !== null);
  return first === undefined ? null : `${first.mailbox ?? ""}@${first.host}`;
}
