import { beginSasl, type LogInStep } from "../../../intake/sasl_log_in.ts";
import {
  decodeAuthenticate,
  decodeSaslResponse,
  encodeChallenge,
  no,
  ok,
} from "../../../wire/managesieve/mod.ts";
import { decodeBase64, encodeBase64 } from "../../../wire/sasl/mod.ts";
import { mechanisms, passwordAllowed } from "../capabilities.ts";
import { BEFORE_LOGIN, type Command, command } from "../command.ts";
import { readResponse } from "../command_reader.ts";
import type { ManageSieveSession } from "../context.ts";
import { Rejection } from "../errors.ts";
import { loggedIn, logInFailed, logRefusal } from "../login.ts";

type Ending = Exclude<LogInStep, { kind: "challenge" }>;

/** Known, and nobody may use them here: broken, or nothing at all (RFC 6331, RFC 4505). */
const TOO_WEAK: ReadonlySet<string> = new Set(["ANONYMOUS", "CRAM-MD5", "DIGEST-MD5", "LOGIN", "NTLM"]);

/** RFC 5804 section 2.1. */
export const authenticate: Command = command({
  states: BEFORE_LOGIN,
  decode: decodeAuthenticate,
  handle: async (session, { mechanism, initial }) => {
    requireMechanism(session, mechanism);
    const { ending, final } = await exchange(session, mechanism, initial);
    if (ending.kind === "failure") {
      if (ending.reason === "credentials") return await logInFailed(session, ending.user);
      throw new Rejection(no("Nobody may act for another here"));
    }
    await loggedIn(session, ending.account);
    return { response: final === null ? ok("Logged in") : ok("Logged in", { code: "SASL", data: final }) };
  },
});

function requireMechanism(session: ManageSieveSession, mechanism: string): void {
  if (!passwordAllowed(session)) {
    throw new Rejection(no("Use STARTTLS first: no log-in without TLS", { code: "ENCRYPT-NEEDED" }));
  }
  if (mechanisms(session).includes(mechanism)) return;
  const text = "No such mechanism; CAPABILITY lists those that there are";
  throw new Rejection(TOO_WEAK.has(mechanism) ? no(text, { code: "AUTH-TOO-WEAK" }) : no(text));
}

/** `final` is what the server says last, in base64, to be sent with the success (RFC 5804 section 1.3, SASL). */
async function exchange(
  session: ManageSieveSession,
  mechanism: string,
  initial: string | null,
): Promise<{ readonly ending: Ending; readonly final: string | null }> {
  const { conn, deps } = session;
  const client = { address: conn.remote.host, protocol: "managesieve", tls: conn.tls };
  const logIn = beginSasl(mechanism, deps, client);
  if (logIn === null) throw new Error(`Cannot begin ${mechanism}, though it is announced`);
  const first = initial === null ? null : decodeBase64(initial);
  let final: string | null = null;
  try {
    let step = await logIn.start(first);
    while (step.kind === "challenge") {
      if (step.isLast) final = encodeBase64(step.challenge);
      step = await logIn.next(step.isLast ? new Uint8Array(0) : await ask(session, step.challenge));
    }
    return { ending: step, final };
  } catch (error) {
    logRefusal(session, error);
    throw error;
  }
}

async function ask(session: ManageSieveSession, challenge: Uint8Array): Promise<Uint8Array> {
  await session.out.add(encodeChallenge(challenge));
  return decodeBase64(decodeSaslResponse(await readResponse(session)));
}
