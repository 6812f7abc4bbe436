import { isLoopback } from "../../core/loopback.ts";
import type { Address, ReversePath } from "../../core/address.ts";
import { makeId } from "../../core/id.ts";
import type { Conn, Log, SubmitContext } from "../../core/ports.ts";
import type { Visitor } from "../../intake/door.ts";
import type { SmtpDeps, SmtpService } from "./deps.ts";
import type { SmtpLimits } from "./limits.ts";

/**
 * How far the dialogue is: before HELO or EHLO, ready for MAIL, after MAIL, after a recipient was accepted.
 * The command table says in which of these a command is legal.
 */
export type Phase = "start" | "ready" | "mail" | "rcpt";

export interface Transaction {
  /** The id of the message to be. */
  readonly id: string;
  readonly sender: ReversePath;
  readonly smtputf8: boolean;
  readonly eightBit: boolean;
  readonly recipients: Address[];
  /** How many RCPT were refused. */
  refused: number;
}

/** Sums for the limits and for the log line at the end. */
export interface Counts {
  commands: number;
  transactions: number;
  messages: number;
  errors: number;
  refusals: number;
  authFailures: number;
}

/** Everything a session knows; the handlers read and change it, and touch nothing else. */
export class SmtpState {
  readonly service: SmtpService;
  readonly deps: SmtpDeps;
  readonly log: Log;
  /** As they were when the session began: a reload does not change the rules in the middle of it. */
  readonly limits: SmtpLimits;
  readonly counts: Counts = {
    commands: 0,
    transactions: 0,
    messages: 0,
    errors: 0,
    refusals: 0,
    authFailures: 0,
  };
  readonly #conn: Conn;
  hello: { readonly extended: boolean; readonly name: string } | null = null;
  account: string | null = null;
  transaction: Transaction | null = null;

  constructor(conn: Conn, service: SmtpService, deps: SmtpDeps) {
    this.#conn = conn;
    this.service = service;
    this.deps = deps;
    this.limits = deps.limits.current;
    this.log = deps.log.with({ session: conn.id, service });
  }

  get phase(): Phase {
    if (this.hello === null) return "start";
    if (this.transaction === null) return "ready";
    return this.transaction.recipients.length === 0 ? "mail" : "rcpt";
  }

  get secure(): boolean {
    return this.#conn.tls !== null;
  }

  /** For our users rather than for other servers. */
  get isSubmission(): boolean {
    return this.service !== "smtp";
  }

  /** A password may be sent over this connection (RFC 4954 section 4, RFC 8314). */
  get mayAuthenticate(): boolean {
    if (!this.isSubmission) return false;
    return this.secure || (this.deps.plaintextAuth.current && isLoopback(this.#conn.remote.host));
  }

  begin(transaction: Pick<Transaction, "sender" | "smtputf8" | "eightBit">): void {
    this.counts.transactions++;
    const id = makeId(this.deps.clock, this.deps.random);
    this.transaction = { id, ...transaction, recipients: [], refused: 0 };
  }

  /** After STARTTLS the client starts anew and we forget what it said in the clear (RFC 3207 section 4.2). */
  forgetAll(): void {
    this.hello = null;
    this.account = null;
    this.transaction = null;
  }

  get clientAddress(): string {
    return this.#conn.remote.host;
  }

  visitor(): Visitor {
    return {
      sessionId: this.#conn.id,
      address: this.clientAddress,
      helo: this.hello?.name ?? "",
      account: this.account,
      tls: this.secure,
    };
  }

  submitContext(transaction: Transaction): SubmitContext {
    return {
      id: transaction.id,
      sessionId: this.#conn.id,
      origin: this.isSubmission ? "submission" : "smtp",
      protocol: this.#protocol(transaction),
      client: { address: this.clientAddress, helo: this.hello?.name ?? "" },
      account: this.account,
      tls: this.#conn.tls,
    };
  }

  /** RFC 3848, and RFC 6531 section 4.3 for UTF8. */
  #protocol(transaction: Transaction): string {
    if (this.hello?.extended !== true) return "SMTP";
    const base = transaction.smtputf8 ? "UTF8SMTP" : "ESMTP";
    return `${base}${this.secure ? "S" : ""}${this.account === null ? "" : "A"}`;
  }
}
