import { Refusal } from "../core/errors.ts";
import type { Store } from "../store/mod.ts";
import type { Directory } from "./directory.ts";

/**
 * Throws when one of the accounts has no room: 552 5.2.2 for a message that is larger than the whole quota, 452 4.2.2
 * while the mailbox is full or what was declared does not fit any more. Without a declared size a mailbox is closed once
 * it is full; the message that fills it is still taken.
 */
export async function checkQuota(
  store: Store,
  directory: Directory,
  { accounts, declaredSize = 0 }: { readonly accounts: readonly string[]; readonly declaredSize?: number },
): Promise<void> {
  for (const name of accounts) {
    const quota = directory.account(name)?.quota ?? null;
    if (quota === null) continue;
    if (declaredSize > quota) {
      throw Refusal.of(552, "5.2.2", "The message is larger than the whole mailbox may be", name);
    }
    const mailboxes = await store.mailboxes.list(name);
    const used = mailboxes.reduce((sum, mailbox) => sum + mailbox.bytes, 0);
    if (used >= quota || used + declaredSize > quota) {
      throw Refusal.of(452, "4.2.2", "Mailbox full, try again later", name);
    }
  }
}
