import { bad, bye, ok } from "../../../wire/imap/mod.ts";
import { BEFORE_LOGIN, type Command, command, noArguments } from "../command.ts";

/** RFC 3501 section 6.2.1. */
export const starttls: Command = command({
  states: BEFORE_LOGIN,
  decode: noArguments,
  handle: (session) => {
    if (session.conn.tls !== null) return bad("TLS is on already");
    // Only after UNAUTHENTICATE: TLS would have to lie below what is compressed already.
    if (session.compression !== null) return bad("STARTTLS must come before COMPRESS");
    if (session.input.buffered > 0) {
      // Someone on the way put commands behind it, to have them obeyed inside TLS (RFC 2595 section 2.1).
      session.log.warn("starttls-injection", { client: session.conn.remote.host });
      session.out.status(bye("Nothing may follow STARTTLS before the handshake"));
      return { ...bad("Nothing may follow STARTTLS before the handshake"), next: "close" };
    }
    return { ...ok("Begin TLS now"), next: "start-tls" };
  },
});
