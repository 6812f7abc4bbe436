import { decodeOneMailbox, encodeQuota, encodeQuotaRoot, ok } from "../../../wire/imap/mod.ts";
import { openAccess } from "../access.ts";
import { AFTER_LOGIN, type Command, command } from "../command.ts";
import type { ImapSession } from "../context.ts";
import { isBelowShared, ownName } from "../mailbox_names.ts";
import { quotaResources } from "../quota.ts";

/** RFC 9208 section 4.1.2: what is in a mailbox counts for its owner, also in one of one's own that is still to be made. */
export const getquotaroot: Command = command({
  states: AFTER_LOGIN,
  decode: decodeOneMailbox,
  handle: async (session, given) => {
    const { root, name } = await rootOf(session, given);
    const { encoder } = session.out;
    const resources = await quotaResources(session, root);
    encodeQuotaRoot(encoder, name, root);
    encodeQuota(encoder, root, resources);
    return ok("This is the quota");
  },
});

async function rootOf(
  session: ImapSession,
  given: string,
): Promise<{ readonly root: string; readonly name: string }> {
  const own = ownName(given);
  if (!isBelowShared(own)) return { root: session.account, name: own };
  const { mailbox, name } = await openAccess(session, given, { needs: ["r"] });
  return { root: mailbox.account, name };
}
