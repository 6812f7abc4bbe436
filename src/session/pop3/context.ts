import { isLoopback } from "../../core/loopback.ts";
import { Refusal } from "../../core/errors.ts";
import type { Authenticate, Clock, Conn, Live, Log, Metrics, Random, Scram } from "../../core/ports.ts";
import type { Store } from "../../store/mod.ts";
import type { Pop3Reply } from "../../wire/pop3/mod.ts";
import type { Pop3Limits } from "./limits.ts";
import type { MaildropLocks } from "./locks.ts";
import type { Maildrop, MaildropEntry } from "./maildrop.ts";
import type { ReadAhead } from "./read_ahead.ts";

export interface Pop3Deps {
  readonly hostname: string;
  readonly store: Store;
  readonly authenticate: Authenticate;
  /** Without it SCRAM is not offered. */
  readonly scram?: Scram;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly metrics: Metrics;
  readonly limits: Live<Pop3Limits>;
  /** Aborted when the server stops: idle sessions end at once, others after their command. */
  readonly shutdown: AbortSignal;
  /** Clients on this machine may log in without TLS. */
  readonly plaintextAuth: Live<boolean>;
  /** One for all sessions of the server. */
  readonly locks: MaildropLocks;
}

/** RFC 1939 section 3; UPDATE is QUIT itself. */
export type Pop3State = "authorization" | "transaction";

/** What a session has from PASS on. */
export interface Login {
  readonly account: string;
  readonly maildrop: Maildrop;
  readonly readAhead: ReadAhead;
  /** Gives the maildrop back. */
  readonly release: () => void;
}

/** What the commands of one session share and change. */
export interface Pop3Session {
  readonly deps: Pop3Deps;
  readonly conn: Conn;
  state: Pop3State;
  /** What USER said, until PASS. */
  user: string | null;
  /** Set in the transaction state. */
  login: Login | null;
  loginFailures: number;
  log: Log;
  /** The loop's: sends a challenge of AUTH and reads the response, decoded. Throws `ProtocolError` when the client cancels. */
  readonly ask: (challenge: Uint8Array) => Promise<Uint8Array>;
}

/** What a command answers. The loop sends it. */
export interface Answer {
  readonly reply: Pop3Reply;
  /** A listing behind the reply. */
  readonly lines?: Iterable<string>;
  /** A message behind the reply, as it is stored. */
  readonly message?: AsyncIterable<Uint8Array>;
  /** What the loop does after it has sent the reply. */
  readonly next?: "close" | "start-tls";
}

export interface Pop3Command {
  readonly states: readonly Pop3State[];
  /** Whether the word may have arguments; a command without any that gets some is a syntax error. */
  readonly takesArguments: boolean;
  run(session: Pop3Session, rest: string): Answer | Promise<Answer>;
}

/** Whether a password may be sent now: under TLS, or, where the configuration allows it, on this machine. */
export function passwordAllowed(session: Pop3Session): boolean {
  const { conn, deps } = session;
  return conn.tls !== null || (deps.plaintextAuth.current && isLoopback(conn.remote.host));
}

/** The log-in of a session in the transaction state, which the command table guarantees. */
export function loginOf(session: Pop3Session): Login {
  if (session.login === null) throw new Error("The command table let a command in before log-in");
  return session.login;
}

export function maildropOf(session: Pop3Session): Maildrop {
  return loginOf(session).maildrop;
}

/** The message of this number; throws `Refusal` when there is none, or when it is marked as deleted. */
export function entryOf(session: Pop3Session, number: number): MaildropEntry {
  const entry = maildropOf(session).get(number);
  if (entry === null) throw Refusal.of(550, "5.0.0", "No such message");
  return entry;
}
