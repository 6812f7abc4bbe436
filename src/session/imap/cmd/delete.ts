import { decodeOneMailbox, no, ok } from "../../../wire/imap/mod.ts";
import { openAccess } from "../access.ts";
import { AFTER_LOGIN, type Command, command } from "../command.ts";
import { Rejection } from "../errors.ts";
import { tellAsListed } from "../listing.ts";
import { isInbox } from "../mailbox_names.ts";

/** RFC 3501 section 6.3.4. Mailboxes below it stay, and its name with them, as a level without a mailbox. */
export const del: Command = command({
  states: AFTER_LOGIN,
  decode: decodeOneMailbox,
  handle: async (session, given) => {
    const { mailbox, name } = await openAccess(session, given, { needs: ["x"] });
    // RFC 3501 section 6.3.4, whosever it is.
    if (isInbox(mailbox.name)) throw new Rejection(no("INBOX cannot be deleted", { code: "CANNOT" }));
    // A session cannot stay in a mailbox that it deletes itself, and must know that it does not (RFC 9051 section 3.4).
    if (session.selectedOrNull?.id === mailbox.id) {
      session.deselect();
      session.out.status(ok("The mailbox is closed", { code: "CLOSED" }));
    }
    await session.store.mailboxes.remove(mailbox.account, mailbox.name);
    session.notifier?.ownName({ from: name, to: null });
    // RFC 9051 section 6.3.5.
    if (session.enabled.has("IMAP4REV2") && name !== given) {
      await tellAsListed(session, { name, asked: given, isGone: true });
    }
    return ok("Deleted");
  },
});
