import { decodeOneMailbox, encodeMyRights, ok } from "../../../wire/imap/mod.ts";
import { openAccess } from "../access.ts";
import { AFTER_LOGIN, type Command, command } from "../command.ts";

/** RFC 4314 section 3.5; section 4 says which rights are enough to ask. */
export const myrights: Command = command({
  states: AFTER_LOGIN,
  decode: decodeOneMailbox,
  handle: async (session, given) => {
    const any = ["l", "r", "i", "k", "x", "a"] as const;
    const { name, rights } = await openAccess(session, given, { needs: [], any });
    encodeMyRights(session.out.encoder, name, rights);
    return ok("These are your rights");
  },
});
