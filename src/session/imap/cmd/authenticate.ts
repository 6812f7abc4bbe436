import { decodeLatin1 } from "../../../core/bytes.ts";
import { ConnectionLostError, ProtocolError } from "../../../core/errors.ts";
import { decodeAuthenticate, no } from "../../../wire/imap/mod.ts";
import {
  actsForItself,
  type Credentials,
  decodeBase64,
  encodeBase64,
  startSasl,
} from "../../../wire/sasl/mod.ts";
import { MECHANISMS } from "../capability.ts";
import { BEFORE_LOGIN, type Command, command } from "../command.ts";
import type { ImapSession } from "../context.ts";
import { Rejection } from "../errors.ts";
import { logIn, requirePrivacy } from "../login.ts";

/** RFC 3501 section 6.2.2, with the initial response of RFC 4959. */
export const authenticate: Command = command({
  states: BEFORE_LOGIN,
  decode: decodeAuthenticate,
  handle: async (session, { mechanism, initial }) => {
    if (!MECHANISMS.includes(mechanism)) {
      throw new Rejection(no("No such mechanism", { code: "CANNOT" }));
    }
    requirePrivacy(session);
    const credentials = await exchange(session, mechanism, initial);
    if (!actsForItself(credentials)) {
      throw new Rejection(no("Nobody may act for another here", { code: "AUTHORIZATIONFAILED" }));
    }
    return await logIn(session, credentials);
  },
});

async function exchange(
  session: ImapSession,
  mechanism: string,
  initial: string | null,
): Promise<Credentials> {
  const sasl = startSasl(mechanism);
  if (sasl === null) throw new Error(`The SASL room lacks ${mechanism}`);
  // "=" is a response without a byte in it (RFC 4959 section 3).
  let step = sasl.start(
    initial === null ? null : initial === "=" ? new Uint8Array(0) : decodeBase64(initial),
  );
  while (step.kind === "challenge") {
    await session.out.continuation(encodeBase64(step.challenge));
    step = sasl.next(await response(session));
  }
  return step.credentials;
}

async function response(session: ImapSession): Promise<Uint8Array> {
  const line = await session.input.line(session.limits.lineBytesBeforeLogin);
  if (line === null) throw new ConnectionLostError("The connection ended during AUTHENTICATE");
  const text = decodeLatin1(line);
  if (text === "*") throw new ProtocolError("Authentication cancelled");
  return decodeBase64(text);
}
