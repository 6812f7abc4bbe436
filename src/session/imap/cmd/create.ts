import type { MailboxRole } from "../../../store/mod.ts";
import { type CreateArguments, decodeCreate, no, ok } from "../../../wire/imap/mod.ts";
import { openPlace, type Place } from "../access.ts";
import { AFTER_LOGIN, type Command, command } from "../command.ts";
import type { ImapSession } from "../context.ts";
import { Rejection } from "../errors.ts";
import { inheritRights } from "../inherit_rights.ts";
import { tellAsListed } from "../listing.ts";
import { withoutFinalDelimiter } from "../mailbox_names.ts";
import { requireRoomForMailbox } from "../mailbox_room.ts";
import { ROLE_ATTRIBUTES } from "../special_use.ts";
import { mailboxObjectId } from "../status_figures.ts";

/** RFC 3501 section 6.3.3, with special uses by RFC 6154 section 3. */
export const create: Command = command({
  states: AFTER_LOGIN,
  decode: decodeCreate,
  handle: async (session, args) => {
    const given = withoutFinalDelimiter(args.mailbox);
    const place = await openPlace(session, given);
    requireRoomForMailbox(session, place, { isNew: true });
    const role = roleFor(session, args, place);
    const made = await session.store.mailboxes.create(place.account, place.ownName, ...role);
    session.notifier?.ownName({ from: null, to: place.name });
    await inheritRights(session.store, place);
    // RFC 9051 section 6.3.4: what the name became, where that is not what was asked for.
    if (session.enabled.has("IMAP4REV2") && place.name !== given) {
      await tellAsListed(session, { name: place.name, asked: given });
    }
    // RFC 8474 section 4.1.
    return ok("Created", { code: "MAILBOXID", data: `(${mailboxObjectId(made)})` });
  },
});

/** The role as the last argument of `create`, or none, so that the name decides. Throws NO [USEATTR] (RFC 6154 section 3). */
function roleFor({ account }: ImapSession, { uses }: CreateArguments, place: Place): [role?: MailboxRole] {
  if (uses.length === 0) return [];
  const role = ROLES.find(([, use]) => uses.length === 1 && use?.toLowerCase() === uses[0])?.[0];
  if (role === undefined) {
    throw cannotUse("A mailbox here can have one of the uses Archive, Drafts, Junk, Sent, Trash");
  }
  if (place.account !== account) throw cannotUse("Only a mailbox of your own can have a special use");
  if (place.mailboxes.some((mailbox) => mailbox.role === role)) {
    throw cannotUse("Another mailbox has that special use");
  }
  return [role];
}

const ROLES = Object.entries(ROLE_ATTRIBUTES) as readonly [MailboxRole, string | null][];

function cannotUse(text: string): Rejection {
  return new Rejection(no(text, { code: "USEATTR" }));
}
