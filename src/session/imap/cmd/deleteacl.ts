import { accountKey } from "../../../store/names.ts";
import { decodeMailboxAndIdentifier, ok } from "../../../wire/imap/mod.ts";
import { openAccess } from "../access.ts";
import { requireNotOwner } from "../acl_identifier.ts";
import { AFTER_LOGIN, type Command, command } from "../command.ts";

/** RFC 4314 section 3.2. An account that is no more can still be taken off; what has no entry is as the client wants it. */
export const deleteacl: Command = command({
  states: AFTER_LOGIN,
  decode: decodeMailboxAndIdentifier,
  handle: async (session, args) => {
    const { mailbox } = await openAccess(session, args.mailbox, { needs: ["a"] });
    const identifier = accountKey(args.identifier);
    requireNotOwner(mailbox.account, identifier);
    await session.store.acl.set(mailbox.id, { identifier, rights: "" });
    return ok("The entry is gone");
  },
});
