/**
 * The POP3 server's side of one connection (RFC 1939, 2449, 2595, 3206, 5034, 6856). The maildrop is the account's INBOX as it was
 * at log-in; what other sessions do to it afterwards is not shown.
 *
 * Invariants:
 * - No password is read before TLS, unless `plaintextAuth` allows it for a client on this machine.
 * - One session at a time has an account's maildrop (`MaildropLocks`); every other gets `[IN-USE]`.
 * - Nothing is removed before QUIT, and then everything that was marked in one commit; a session that ends otherwise
 *   has changed nothing (RFC 1939 section 6).
 * - It changes no flags: what was fetched is not \Seen by that, so that a program which leaves mail here hides nothing from
 *   IMAP clients.
 * - Handlers (`cmd/`) return answers; only the loop (`session.ts`) writes, logs, counts errors and closes.
 * - Before log-in a connection holds one command line and no more.
 *
 * @module
 */
import type { Conn } from "../../core/ports.ts";
import type { Pop3Deps } from "./context.ts";
import { SessionLoop } from "./session.ts";

export type { Pop3Deps } from "./context.ts";
export { defaultPop3Limits, type Pop3Limits } from "./limits.ts";
export { type MaildropLocks, makeMaildropLocks } from "./locks.ts";

/** Serves the connection to its end, closes it, and never rejects. */
export async function servePop3(conn: Conn, deps: Pop3Deps): Promise<void> {
  await new SessionLoop(conn, deps).run();
}
