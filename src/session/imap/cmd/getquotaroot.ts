import { decodeOneMailbox, encodeQuota, encodeQuotaRoot, ok } from "../../../wire/imap/mod.ts";
import { openAccess } from "../access.ts";
import { AFTER_LOGIN, type Command, command } from "../command.ts";
import { quotaResources } from "../quota.ts";

/** RFC 9208 section 4.1.2: what is in a mailbox counts for its owner. */
export const getquotaroot: Command = command({
  states: AFTER_LOGIN,
  decode: decodeOneMailbox,
  handle: async (session, given) => {
    const { mailbox, name } = await openAccess(session, given, { needs: ["r"] });
    const { encoder } = session.out;
    const resources = await quotaResources(session, mailbox.account);
    encodeQuotaRoot(encoder, name, mailbox.account);
    encodeQuota(encoder, mailbox.account, resources);
    return ok("This is the quota");
  },
});
