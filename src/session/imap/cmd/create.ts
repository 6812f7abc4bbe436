import { decodeOneMailbox, no, ok } from "../../../wire/imap/mod.ts";
import { AFTER_LOGIN, type Command, command } from "../command.ts";
import { Rejection } from "../errors.ts";
import { checkedName, withoutFinalDelimiter } from "../mailbox_names.ts";

/** RFC 3501 section 6.3.3. */
export const create: Command = command({
  states: AFTER_LOGIN,
  decode: decodeOneMailbox,
  handle: async (session, given) => {
    const { store, account, limits } = session;
    const name = checkedName(withoutFinalDelimiter(given), limits);
    const mailboxes = await store.mailboxes.list(account);
    // Missing levels above it are made too.
    if (mailboxes.length + name.split("/").length > limits.mailboxes) {
      throw new Rejection(no(`An account can have at most ${limits.mailboxes} mailboxes`, { code: "LIMIT" }));
    }
    await store.mailboxes.create(account, name);
    return ok("Created");
  },
});
