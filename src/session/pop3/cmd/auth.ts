import { ProtocolError } from "../../../core/errors.ts";
import { beginSasl, type LogInStep } from "../../../intake/sasl_log_in.ts";
import { err } from "../../../wire/pop3/mod.ts";
import { decodeBase64 } from "../../../wire/sasl/mod.ts";
import { type Answer, passwordAllowed, type Pop3Session } from "../context.ts";
import { loginFailed, openFor } from "../login.ts";
import { mechanisms } from "./capa.ts";

/** RFC 5034 section 4: `AUTH mechanism [initial-response]`. */
export async function auth(session: Pop3Session, rest: string): Promise<Answer> {
  const [mechanism = "", initial, ...more] = rest.split(" ").filter((word) => word !== "");
  if (mechanism === "" || more.length > 0) {
    throw new ProtocolError("AUTH needs a mechanism and at most one response; CAPA lists the mechanisms");
  }
  if (!passwordAllowed(session)) return { reply: err("Use STLS first: no log-in without TLS", "SYS/PERM") };
  if (!mechanisms(session).includes(mechanism.toUpperCase())) return { reply: err("No such mechanism") };
  const ending = await exchange(session, mechanism, initial ?? null);
  if (ending.kind === "success") return await openFor(session, ending.account);
  return loginFailed(session);
}

async function exchange(
  session: Pop3Session,
  mechanism: string,
  initial: string | null,
): Promise<Exclude<LogInStep, { kind: "challenge" }>> {
  const { conn, deps } = session;
  const client = { address: conn.remote.host, protocol: "pop3", tls: conn.tls };
  const logIn = beginSasl(mechanism, deps, client);
  if (logIn === null) throw new Error(`Cannot begin ${mechanism}, though it is announced`);
  // "=" is a response without a byte in it (RFC 5034 section 4).
  const first = initial === null ? null : initial === "=" ? new Uint8Array(0) : decodeBase64(initial);
  let step = await logIn.start(first);
  while (step.kind === "challenge") step = await logIn.next(await session.ask(step.challenge));
  return step;
}
