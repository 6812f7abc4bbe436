import {
  ALL_RIGHTS,
  decodeMailboxAndIdentifier,
  encodeListRights,
  ok,
  withVirtualRights,
} from "../../../wire/imap/mod.ts";
import { openAccess } from "../access.ts";
import { knownIdentifier } from "../acl_identifier.ts";
import { AFTER_LOGIN, type Command, command } from "../command.ts";

/** RFC 4314 section 3.4: the owner has all rights whatever is set; everybody else may have any of them. */
export const listrights: Command = command({
  states: AFTER_LOGIN,
  decode: decodeMailboxAndIdentifier,
  handle: async (session, args) => {
    const { mailbox, name } = await openAccess(session, args.mailbox, { needs: ["a"] });
    const identifier = knownIdentifier(session, args.identifier);
    const required = identifier === mailbox.account ? withVirtualRights(ALL_RIGHTS) : "";
    encodeListRights(session.out.encoder, { mailbox: name, identifier: args.given }, required);
    return ok("These are the rights");
  },
});
