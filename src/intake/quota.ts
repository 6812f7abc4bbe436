import type { Store } from "../store/mod.ts";
import type { Directory } from "./directory.ts";

/**
 * The first of the accounts that has used up its quota, or null. A mailbox is closed once it is full; the message that fills
 * it is still taken, because its size is not known for certain when its recipient is named.
 */
export async function findFullAccount(
  store: Store,
  directory: Directory,
  accounts: readonly string[],
): Promise<string | null> {
  for (const name of accounts) {
    const quota = directory.account(name)?.quota ?? null;
    if (quota === null) continue;
    const mailboxes = await store.mailboxes.list(name);
    const used = mailboxes.reduce((sum, mailbox) => sum + mailbox.bytes, 0);
    if (used >= quota) return name;
  }
  return null;
}
