import { bearerResponse, plainResponse } from "../../wire/sasl/client.ts";
import { BEARER_MECHANISMS, encodeBase64 } from "../../wire/sasl/mod.ts";
import type { Pop3Status } from "../../wire/pop3/client.ts";
import { encrypt } from "../dial.ts";
import { trouble } from "../errors.ts";
import { type LogInAttempt, noLogInNow, noMechanism, refusedLogIn } from "../log_in.ts";
import { openConnection } from "../open_connection.ts";
import type { OpenOptions } from "../open_options.ts";
import { Pop3Connection } from "./connection.ts";

/** Connects, encrypts and logs in. Throws `RetrievalError` and what a lost connection throws. */
export function openPop3(options: OpenOptions): Promise<Pop3Connection> {
  const { spec, deps } = options;
  return openConnection(options, {
    make: (conn) => new Pop3Connection(conn, deps.settings.current),
    begin: async (connection) => {
      const greeting = await connection.greeting();
      if (greeting.kind !== "ok") throw trouble(`${spec.host} says: ${greeting.text}`);
      await connection.askCapabilities();
      if (spec.tls === "starttls") await startTls(connection, options);
      await logIn(connection, options);
      // RFC 2449 section 5: what is offered may be different now.
      await connection.askCapabilities();
    },
  });
}

/** RFC 2595 section 4. */
async function startTls(connection: Pop3Connection, { spec, deps }: OpenOptions): Promise<void> {
  if (!connection.capabilities.stls) throw trouble(`${spec.host} offers no STLS; use tls: implicit`);
  const answer = await connection.command("STLS");
  if (answer.kind !== "ok") throw trouble(`${spec.host} refuses STLS: ${answer.text}`);
  if (connection.unasked > 0) throw trouble(`${spec.host} sent more than its answer to STLS`);
  await encrypt(connection.conn, spec.host, deps);
  await connection.askCapabilities();
}

async function logIn(connection: Pop3Connection, attempt: LogInAttempt): Promise<void> {
  const { spec, credential } = attempt;
  const { sasl } = connection.capabilities;
  if (credential.kind === "token") {
    const mechanism = BEARER_MECHANISMS.find((name) => sasl.includes(name));
    if (mechanism === undefined) throw noMechanism(spec);
    const response = bearerResponse(mechanism, { ...spec, token: credential.token });
    return checked(connection, attempt, await authenticate(connection, mechanism, response));
  }
  if (sasl.includes("PLAIN")) {
    const response = plainResponse(spec.user, credential.password);
    return checked(connection, attempt, await authenticate(connection, "PLAIN", response));
  }
  const user = await connection.command("USER", spec.user);
  if (user.kind !== "ok") return checked(connection, attempt, user);
  checked(connection, attempt, await connection.command("PASS", credential.password));
}

/** RFC 5034 section 4. The response goes on a line of its own: not every server takes long ones with the command. */
async function authenticate(
  connection: Pop3Connection,
  mechanism: string,
  response: Uint8Array,
): Promise<Pop3Status> {
  const first = await connection.command("AUTH", mechanism);
  if (first.kind !== "continue") return first;
  const answer = await connection.command(encodeBase64(response));
  // RFC 7628 section 3.2.3: an error that must be acknowledged.
  return answer.kind === "continue" ? await connection.command(encodeBase64(Uint8Array.of(1))) : answer;
}

/** Some say in words only what they have no code for (RFC 1939 section 7, PASS: "maildrop already locked"). */
const LOCKED = /mail ?(?:drop|box).{0,60}(?:locked|in use|busy)/i;

/** RFC 3206 section 4: AUTH is the password, SYS/TEMP and IN-USE are not; who announces the code says it whenever it is so. */
function checked(connection: Pop3Connection, attempt: LogInAttempt, { kind, code, text }: Pop3Status): void {
  if (kind === "ok") return;
  const isBusy = code === "IN-USE" || code === "LOGIN-DELAY" || code?.startsWith("SYS/") ||
    LOCKED.test(text);
  const isPassword = code === "AUTH" || !isBusy && !connection.capabilities.authRespCode;
  throw (isPassword ? refusedLogIn : noLogInNow)(attempt, text);
}
