import { decodeOneMailbox, ok } from "../../../wire/imap/mod.ts";
import { AFTER_LOGIN, type Command, command } from "../command.ts";
import { canonicalName, ownName } from "../mailbox_names.ts";

/** RFC 3501 section 6.3.7. A name that is not subscribed is as the client wants it. */
export const unsubscribe: Command = command({
  states: AFTER_LOGIN,
  decode: decodeOneMailbox,
  handle: async ({ store, account, notifier }, given) => {
    for (const name of new Set([canonicalName(given), ownName(given)])) {
      await store.mailboxes.subscribe(account, name, false);
      notifier?.ownSubscription(name, false);
    }
    return ok("Unsubscribed");
  },
});
