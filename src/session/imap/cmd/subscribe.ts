import { decodeOneMailbox, no, ok } from "../../../wire/imap/mod.ts";
import { openAccess } from "../access.ts";
import { AFTER_LOGIN, type Command, command } from "../command.ts";
import { Rejection } from "../errors.ts";

/** RFC 3501 section 6.3.6. Only what exists can be subscribed; it stays subscribed when it goes. */
export const subscribe: Command = command({
  states: AFTER_LOGIN,
  decode: decodeOneMailbox,
  handle: async (session, given) => {
    const { store, account, limits } = session;
    const { name } = await openAccess(session, given, { needs: ["l"] });
    const known = await store.mailboxes.subscriptions(account);
    // Twice as many as mailboxes, since names of deleted ones may be among them.
    if (known.length >= 2 * limits.mailboxes && !known.includes(name)) {
      throw new Rejection(no("There are too many subscriptions", { code: "LIMIT" }));
    }
    await store.mailboxes.subscribe(account, name, true);
    session.notifier?.ownSubscription(name, true);
    return ok("Subscribed");
  },
});
