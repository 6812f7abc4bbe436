import { ok } from "../../../wire/imap/mod.ts";
import { AFTER_LOGIN, type Command, command, noArguments } from "../command.ts";
import { SHARED } from "../mailbox_names.ts";

/**
 * RFC 2342 section 5: one's own, and what others share. Below the prefix stands the owner, so that these are "other users'"
 * mailboxes; mailboxes that nobody owns there are none.
 */
export const namespace: Command = command({
  states: AFTER_LOGIN,
  decode: noArguments,
  handle: (session) => {
    session.out.line(`NAMESPACE (("" "/")) (("${SHARED}/" "/")) NIL`);
    return ok("This is the namespace");
  },
});
