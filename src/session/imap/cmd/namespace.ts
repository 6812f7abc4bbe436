import { ok } from "../../../wire/imap/mod.ts";
import { AFTER_LOGIN, type Command, command, noArguments } from "../command.ts";

/** RFC 2342 section 5: one personal namespace, nobody else's. */
export const namespace: Command = command({
  states: AFTER_LOGIN,
  decode: noArguments,
  handle: (session) => {
    session.out.line('NAMESPACE (("" "/")) NIL NIL');
    return ok("This is the namespace");
  },
});
