import { decodeLatin1 } from "../../../core/bytes.ts";
import { ConnectionLostError, ProtocolError } from "../../../core/errors.ts";
import { beginSasl, type LogInStep } from "../../../intake/sasl_log_in.ts";
import { decodeAuthenticate, no } from "../../../wire/imap/mod.ts";
import { decodeBase64, encodeBase64 } from "../../../wire/sasl/mod.ts";
import { mechanisms } from "../capability.ts";
import { BEFORE_LOGIN, type Command, command } from "../command.ts";
import type { ImapSession } from "../context.ts";
import { Rejection } from "../errors.ts";
import { loggedIn, logInFailed, logRefusal, requirePrivacy } from "../login.ts";
import { discardLiteralOf } from "../streamed_literal.ts";

type Ending = Exclude<LogInStep, { kind: "challenge" }>;

/** RFC 3501 section 6.2.2, with the initial response of RFC 4959. */
export const authenticate: Command = command({
  states: BEFORE_LOGIN,
  decode: decodeAuthenticate,
  handle: async (session, { mechanism, initial }) => {
    if (!mechanisms(session).includes(mechanism)) {
      throw new Rejection(no("No such mechanism", { code: "CANNOT" }));
    }
    requirePrivacy(session);
    const ending = await exchange(session, mechanism, initial);
    if (ending.kind === "success") return await loggedIn(session, ending.account);
    if (ending.reason === "credentials") return await logInFailed(session, ending.user);
    throw new Rejection(no("Nobody may act for another here", { code: "AUTHORIZATIONFAILED" }));
  },
});

async function exchange(session: ImapSession, mechanism: string, initial: string | null): Promise<Ending> {
  const { conn, deps } = session;
  const client = { address: conn.remote.host, protocol: "imap", tls: conn.tls };
  const logIn = beginSasl(mechanism, deps, client);
  if (logIn === null) throw new Error(`Cannot begin ${mechanism}, though it is announced`);
  // "=" is a response without a byte in it (RFC 4959 section 3).
  const first = initial === null ? null : initial === "=" ? new Uint8Array(0) : decodeBase64(initial);
  try {
    let step = await logIn.start(first);
    while (step.kind === "challenge") {
      await session.out.continuation(encodeBase64(step.challenge));
      step = await logIn.next(await response(session));
    }
    return step;
  } catch (error) {
    logRefusal(session, error, null);
    throw error;
  }
}

async function response(session: ImapSession): Promise<Uint8Array> {
  const line = await session.input.line(session.limits.lineBytesBeforeLogin);
  if (line === null) throw new ConnectionLostError("The connection ended during AUTHENTICATE");
  await discardLiteralOf(session, line);
  const text = decodeLatin1(line);
  if (text === "*") throw new ProtocolError("Authentication cancelled");
  return decodeBase64(text);
}
