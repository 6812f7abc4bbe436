import { decodeStatus, ok } from "../../../wire/imap/mod.ts";
import { openAccess } from "../access.ts";
import { AFTER_LOGIN, type Command, command } from "../command.ts";
import { tellStatus } from "../status_figures.ts";

/** RFC 3501 section 6.3.10. */
export const status: Command = command({
  states: AFTER_LOGIN,
  decode: decodeStatus,
  handle: async (session, args) => {
    const access = await openAccess(session, args.mailbox, { needs: ["r"] });
    await tellStatus(session, access, args.items);
    return ok("This is the status");
  },
});
