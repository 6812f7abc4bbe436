import { ALL_RIGHTS, decodeOneMailbox, encodeAcl, ok } from "../../../wire/imap/mod.ts";
import { openAccess } from "../access.ts";
import { AFTER_LOGIN, type Command, command } from "../command.ts";

/** RFC 4314 section 3.3. */
export const getacl: Command = command({
  states: AFTER_LOGIN,
  decode: decodeOneMailbox,
  handle: async (session, given) => {
    const { mailbox, name } = await openAccess(session, given, { needs: ["a"] });
    const entries = await session.store.acl.get(mailbox.id);
    const owner = { identifier: mailbox.account, rights: ALL_RIGHTS };
    encodeAcl(session.out.encoder, name, [owner, ...entries]);
    return ok("This is the ACL");
  },
});
