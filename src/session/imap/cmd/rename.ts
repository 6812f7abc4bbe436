import { decodeMailbox, type Decoder, DELIMITER, no, ok } from "../../../wire/imap/mod.ts";
import { rightsFrom } from "../rights.ts";
import { findMailbox, openAccess, openPlace, type Place, requireRights } from "../access.ts";
import { AFTER_LOGIN, type Command, command } from "../command.ts";
import type { ImapSession } from "../context.ts";
import { Rejection } from "../errors.ts";
import { tellAsListed } from "../listing.ts";
import { checkedName, isInbox, ownName, withoutFinalDelimiter } from "../mailbox_names.ts";
import { requireRoomForMailbox } from "../mailbox_room.ts";

/** RFC 3501 section 6.3.5. Who may use the mailbox may still do so under its new name. */
export const rename: Command = command({
  states: AFTER_LOGIN,
  decode: decodeRename,
  handle: async (session, { from, to }) => {
    const source = await openSource(session, from);
    const place = await openPlace(session, withoutFinalDelimiter(to));
    if (place.account !== source.account) throw cannot("A mailbox cannot be given to another owner");
    if (!isInbox(source.ownName)) await checkTree(session, source, place);
    else if (source.isShared) throw cannot("Another's INBOX cannot be renamed");
    // Of INBOX only the messages move, into a new mailbox; otherwise only levels above it are made.
    requireRoomForMailbox(session, place, { isNew: isInbox(source.ownName) });
    await session.store.mailboxes.rename(source.account, source.ownName, place.ownName);
    session.notifier?.ownName({ from: source.name, to: place.name });
    // RFC 9051 section 6.3.6: the old name as the client wrote it.
    if (session.enabled.has("IMAP4REV2")) {
      await tellAsListed(session, { name: place.name, asked: from, isGone: source.isLevel });
    }
    return ok("Renamed");
  },
});

/** What is to have another name. */
interface Source {
  readonly account: string;
  /** As its owner calls it, and as this session does. */
  readonly ownName: string;
  readonly name: string;
  readonly isShared: boolean;
  /** It is no mailbox, and only what is below it moves. */
  readonly isLevel: boolean;
}

async function openSource(session: ImapSession, given: string): Promise<Source> {
  const { account, store } = session;
  const name = ownName(given);
  // RFC 3501 section 6.3.5: a level without a mailbox has a name, too. One of another's would need rights that it has nowhere.
  if (await findMailbox(session, given) === null) {
    const isLevel = (await store.mailboxes.list(account)).some((own) =>
      own.name.startsWith(name + DELIMITER)
    );
    if (isLevel) return { account, ownName: name, name, isShared: false, isLevel };
  }
  const access = await openAccess(session, given, { needs: ["x"] });
  const { mailbox, isShared } = access;
  return { account: mailbox.account, ownName: mailbox.name, name: access.name, isShared, isLevel: false };
}

function decodeRename(args: Decoder): { from: string; to: string } {
  args.expectSpace();
  const from = decodeMailbox(args);
  args.expectSpace();
  const to = decodeMailbox(args);
  args.expectEnd();
  return { from, to };
}

/** What is below moves along: it must not come to lie below itself, its new names must be good, and one must be allowed to. */
async function checkTree(session: ImapSession, { ownName, isShared }: Source, place: Place): Promise<void> {
  const prefix = ownName + DELIMITER;
  if (place.ownName.startsWith(prefix)) throw cannot("A mailbox cannot be moved below itself");
  for (const { name, id } of place.mailboxes) {
    if (!name.startsWith(prefix)) continue;
    checkedName(place.name + name.slice(ownName.length), session.limits);
    if (!isShared) continue;
    requireRights({ rights: rightsFrom(await session.store.acl.get(id), session.account) }, ["x"]);
  }
}

function cannot(text: string): Rejection {
  return new Rejection(no(text, { code: "CANNOT" }));
}
