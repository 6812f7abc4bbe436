import { decodeOneMailbox, no, ok } from "../../../wire/imap/mod.ts";
import { openAccess } from "../access.ts";
import { AFTER_LOGIN, type Command, command } from "../command.ts";
import { Rejection } from "../errors.ts";
import { isInbox } from "../mailbox_names.ts";

/** RFC 3501 section 6.3.4. Mailboxes below it stay, and its name with them, as a level without a mailbox. */
export const del: Command = command({
  states: AFTER_LOGIN,
  decode: decodeOneMailbox,
  handle: async (session, name) => {
    const { mailbox } = await openAccess(session, name, { needs: ["x"] });
    // RFC 3501 section 6.3.4, whosever it is.
    if (isInbox(mailbox.name)) throw new Rejection(no("INBOX cannot be deleted", { code: "CANNOT" }));
    // A session cannot stay in a mailbox that it deletes itself.
    if (session.selectedOrNull?.id === mailbox.id) session.deselect();
    await session.store.mailboxes.remove(mailbox.account, mailbox.name);
    return ok("Deleted");
  },
});
