import type { Store } from "../../store/mod.ts";
import type { Place } from "./access.ts";
import { namesAbove } from "./names_above.ts";

/**
 * Gives the rights of the mailbox above to a new one, and to the levels that were made with it: who shares a folder means
 * what is in it. Not in one commit with it: should we end in between, the mailbox is its owner's alone.
 */
export async function inheritRights(store: Store, place: Place): Promise<void> {
  if (place.entries.length === 0) return;
  const before = new Set(place.mailboxes.map(({ name }) => name));
  for (const name of [place.ownName, ...namesAbove(place.ownName)]) {
    if (before.has(name)) return;
    const mailbox = await store.mailboxes.get(place.account, name);
    if (mailbox === null) continue;
    for (const entry of place.entries) await store.acl.set(mailbox.id, entry);
  }
}
