import { decodeMailbox, type Decoder, DELIMITER, encodeListEntry, no, ok } from "../../../wire/imap/mod.ts";
import { rightsFrom } from "../rights.ts";
import { type Access, openAccess, openPlace, type Place, requireRights } from "../access.ts";
import { AFTER_LOGIN, type Command, command } from "../command.ts";
import type { ImapSession } from "../context.ts";
import { Rejection } from "../errors.ts";
import { checkedName, isInbox, withoutFinalDelimiter } from "../mailbox_names.ts";

/** RFC 3501 section 6.3.5. Who may use the mailbox may still do so under its new name. */
export const rename: Command = command({
  states: AFTER_LOGIN,
  decode: decodeRename,
  handle: async (session, { from, to }) => {
    const access = await openAccess(session, from, { needs: ["x"] });
    const place = await openPlace(session, withoutFinalDelimiter(to));
    const { mailbox } = access;
    if (place.account !== mailbox.account) throw cannot("A mailbox cannot be given to another owner");
    if (!isInbox(mailbox.name)) await checkTree(session, access, place);
    else if (access.isShared) throw cannot("Another's INBOX cannot be renamed");
    await session.store.mailboxes.rename(mailbox.account, mailbox.name, place.ownName);
    // RFC 9051 section 6.3.6.
    if (session.enabled.has("IMAP4REV2")) {
      encodeListEntry(session.out.encoder, "LIST", {
        attributes: [],
        name: place.name,
        oldName: access.name,
      });
    }
    return ok("Renamed");
  },
});

function decodeRename(args: Decoder): { from: string; to: string } {
  args.expectSpace();
  const from = decodeMailbox(args);
  args.expectSpace();
  const to = decodeMailbox(args);
  args.expectEnd();
  return { from, to };
}

/** What is below moves along: it must not come to lie below itself, its new names must be good, and one must be allowed to. */
async function checkTree(session: ImapSession, { mailbox, isShared }: Access, place: Place): Promise<void> {
  const prefix = mailbox.name + DELIMITER;
  if (place.ownName.startsWith(prefix)) throw cannot("A mailbox cannot be moved below itself");
  for (const { name, id } of place.mailboxes) {
    if (!name.startsWith(prefix)) continue;
    checkedName(place.name + name.slice(mailbox.name.length), session.limits);
    if (!isShared) continue;
    requireRights({ rights: rightsFrom(await session.store.acl.get(id), session.account) }, ["x"]);
  }
}

function cannot(text: string): Rejection {
  return new Rejection(no(text, { code: "CANNOT" }));
}
