import { decodeSetQuota, no } from "../../../wire/imap/mod.ts";
import { AFTER_LOGIN, type Command, command } from "../command.ts";

/** RFC 9208 section 4.1.3. Quotas stand in the configuration, and QUOTASET is not announced. */
export const setquota: Command = command({
  states: AFTER_LOGIN,
  decode: decodeSetQuota,
  handle: () => no("Quotas are set in the configuration of the server", { code: "NOPERM" }),
});
