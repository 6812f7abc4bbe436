import { decodeLatin1, encodeUtf8 } from "../../core/bytes.ts";
import { clientQuoted } from "../../wire/imap/client/mod.ts";
import { bearerResponse, plainResponse } from "../../wire/sasl/client.ts";
import { BEARER_MECHANISMS, encodeBase64 } from "../../wire/sasl/mod.ts";
import { encrypt } from "../dial.ts";
import { trouble } from "../errors.ts";
import { type LogInAttempt, noLogInNow, noMechanism, refusedLogIn } from "../log_in.ts";
import { openConnection } from "../open_connection.ts";
import type { OpenOptions } from "../open_options.ts";
import { ImapConnection } from "./connection.ts";

/** Connects, encrypts and logs in. Throws `RetrievalError` and what a lost connection throws. */
export function openImap(options: OpenOptions): Promise<ImapConnection> {
  const { spec, deps } = options;
  return openConnection(options, {
    make: (conn) => new ImapConnection(conn, deps.settings.current),
    begin: async (connection) => {
      const greeting = await connection.greeting();
      // Logged in before we have said who we are: somebody in between, who would have us go on without TLS.
      if (greeting.status === "PREAUTH") {
        throw trouble(`${spec.host} says that we are logged in before we are`);
      }
      if (greeting.status !== "OK") throw trouble(`${spec.host} says: ${greeting.text}`);
      if (spec.tls === "starttls") await startTls(connection, options);
      await connection.askCapabilities();
      await logIn(connection, options);
      await connection.askCapabilities();
    },
  });
}

/** RFC 3501 section 6.2.1. What it could do before TLS is not even asked. */
async function startTls(connection: ImapConnection, { spec, deps }: OpenOptions): Promise<void> {
  const answer = await connection.command("STARTTLS");
  if (answer.status !== "OK") throw trouble(`${spec.host} refuses STARTTLS: ${answer.text}`);
  if (connection.unasked > 0) throw trouble(`${spec.host} sent more than its answer to STARTTLS`);
  await encrypt(connection.conn, spec.host, deps);
}

async function logIn(connection: ImapConnection, { spec, credential }: LogInAttempt): Promise<void> {
  const { capabilities } = connection;
  const offers = (mechanism: string) => capabilities.has(`AUTH=${mechanism}`);
  let answer;
  if (credential.kind === "token") {
    const mechanism = BEARER_MECHANISMS.find(offers);
    if (mechanism === undefined) throw noMechanism(spec);
    const response = bearerResponse(mechanism, { ...spec, token: credential.token });
    answer = await authenticate(connection, mechanism, response);
  } else if (offers("PLAIN")) {
    answer = await authenticate(connection, "PLAIN", plainResponse(spec.user, credential.password));
  } else if (capabilities.has("LOGINDISABLED")) {
    throw noMechanism(spec);
  } else {
    const quoted = (text: string) => clientQuoted(decodeLatin1(encodeUtf8(text)));
    answer = await connection.command(`LOGIN ${quoted(spec.user)} ${quoted(credential.password)}`);
  }
  if (answer.status === "OK") return;
  // RFC 5530 section 3: these say nothing about the password.
  const isBusy = ["UNAVAILABLE", "INUSE", "LIMIT", "SERVERBUG"].includes(answer.code ?? "");
  throw (isBusy ? noLogInNow : refusedLogIn)({ spec, credential }, answer.text);
}

/** RFC 3501 section 6.2.2. The response waits to be asked for: that is understood everywhere, and costs one round. */
async function authenticate(connection: ImapConnection, mechanism: string, response: Uint8Array) {
  let said = false;
  return await connection.command(`AUTHENTICATE ${mechanism}`, {
    onContinue: () => {
      // A second one holds an error that must be acknowledged (RFC 7628 section 3.2.3).
      const line = encodeBase64(said ? Uint8Array.of(1) : response);
      said = true;
      return line;
    },
  });
}
