import { accountKey } from "../../../store/names.ts";
import { decodeGetQuota, encodeQuota, no, ok } from "../../../wire/imap/mod.ts";
import { AFTER_LOGIN, type Command, command } from "../command.ts";
import { Rejection } from "../errors.ts";
import { quotaResources } from "../quota.ts";

/** RFC 9208 section 4.1.1. An account is a quota root, and asks for its own only. */
export const getquota: Command = command({
  states: AFTER_LOGIN,
  decode: decodeGetQuota,
  handle: async (session, root) => {
    const { account } = session;
    if (accountKey(root) !== account) throw new Rejection(no("No such quota root", { code: "NONEXISTENT" }));
    encodeQuota(session.out.encoder, account, await quotaResources(session, account));
    return ok("This is the quota");
  },
});
