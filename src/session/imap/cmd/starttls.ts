import { bad, ok } from "../../../wire/imap/mod.ts";
import { BEFORE_LOGIN, type Command, command, noArguments } from "../command.ts";

/** RFC 3501 section 6.2.1. */
export const starttls: Command = command({
  states: BEFORE_LOGIN,
  decode: noArguments,
  handle: (session) => {
    if (session.conn.tls !== null) return bad("TLS is on already");
    if (session.input.buffered > 0) {
      // Someone on the way put commands behind it, to have them obeyed inside TLS. They are thrown away (RFC 9051 section 6.2.1).
      session.log.warn("starttls-injection", { client: session.conn.remote.host });
    }
    return { ...ok("Begin TLS now"), next: "start-tls" };
  },
});
