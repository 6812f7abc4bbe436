import { bye, no, ok } from "../../../wire/managesieve/mod.ts";
import { BEFORE_LOGIN, type Command, command, noArguments } from "../command.ts";

/** RFC 5804 section 2.2. */
export const starttls: Command = command({
  states: BEFORE_LOGIN,
  decode: noArguments,
  handle: (session) => {
    if (session.conn.tls !== null) return { response: no("TLS is on already") };
    if (session.input.buffered > 0) {
      // Someone on the way put commands behind it, to have them obeyed inside TLS.
      session.log.warn("starttls-injection", { client: session.conn.remote.host });
      return { response: bye("Nothing may follow STARTTLS before the handshake") };
    }
    return { response: ok("Begin TLS now"), next: "start-tls" };
  },
});
