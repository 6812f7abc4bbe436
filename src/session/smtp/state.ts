import { isLoopback } from "../../core/loopback.ts";
import type { Address, ReversePath } from "../../core/address.ts";
import { type DsnRequest, type Envelope, NO_DSN, type RecipientDsn } from "../../core/envelope.ts";
import { Refusal } from "../../core/errors.ts";
import { makeId } from "../../core/id.ts";
import type { Outcome } from "../../core/outcome.ts";
import type { Conn, Log, SubmitContext, TlsInfo } from "../../core/ports.ts";
import type { Visitor } from "../../intake/door.ts";
import type { ChunkedMessage } from "./chunked_message.ts";
import type { SmtpDeps, SmtpService } from "./deps.ts";
import type { SmtpLimits } from "./limits.ts";

/**
 * How far the dialogue is: before HELO or EHLO, ready for MAIL, after MAIL, after a recipient was accepted, after a first
 * BDAT. The command table says in which of these a command is legal.
 */
export type Phase = "start" | "ready" | "mail" | "rcpt" | "bdat";

/** What MAIL said. */
export interface Sending {
  readonly sender: ReversePath;
  /** As declared with SIZE (RFC 1870); null when it was not. */
  readonly size: number | null;
  readonly smtputf8: boolean;
  readonly eightBit: boolean;
  readonly binary: boolean;
  readonly returns: DsnRequest["returns"];
  readonly envelopeId: string | null;
  readonly requireTls: boolean;
  /** FUTURERELEASE (RFC 4865); null for at once. */
  readonly holdUntil: number | null;
}

export interface Transaction extends Sending {
  /** The id of the message to be. */
  readonly id: string;
  readonly recipients: Address[];
  /** NOTIFY and ORCPT, parallel to the recipients. */
  readonly dsn: RecipientDsn[];
  /** For each RCPT that was accepted its place in `recipients`: LMTP answers each, also one given twice. */
  readonly accepted: number[];
  /** How many RCPT were refused. */
  refused: number;
  /** What has come by BDAT so far. */
  transfer: Transfer | null;
}

export interface Transfer {
  readonly message: ChunkedMessage;
  /** What the door says; never a rejection that nobody looks at. */
  readonly outcomes: Promise<Outcome[]>;
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
    if (this.transaction.transfer !== null) return "bdat";
    return this.transaction.recipients.length === 0 ? "mail" : "rcpt";
  }

  get secure(): boolean {
    return this.#conn.tls !== null;
  }

  get tls(): TlsInfo | null {
    return this.#conn.tls;
  }

  /** For our users rather than for other servers. */
  get isSubmission(): boolean {
    return this.service === "submission" || this.service === "submissions";
  }

  /** RFC 2033: LHLO instead of EHLO, and a reply for each recipient. */
  get isLmtp(): boolean {
    return this.service === "lmtp";
  }

  /** Throws 450 when the client has sent more than its share; whoever logged in is not counted here. */
  takeFromAllowance(kind: "messages" | "recipients"): void {
    if (this.account !== null || this.isLmtp) return;
    if (this.deps.rates?.take(kind, this.clientAddress) ?? true) return;
    throw Refusal.of(450, "4.7.1", `Too many ${kind} from your address, try again later`);
  }

  /** FUTURERELEASE (RFC 4865): for our users only, and never when the administrator does not want it. */
  get holdsMail(): boolean {
    return this.isSubmission && this.limits.holdMaxMs > 0;
  }

  /** Reports (RFC 3461), also for strangers unless the administrator does not want to write to whom they name. */
  get offersDsn(): boolean {
    return this.service !== "smtp" || (this.deps.strangersDsn?.current ?? true);
  }

  /** A password may be sent over this connection (RFC 4954 section 4, RFC 8314). */
  get mayAuthenticate(): boolean {
    if (!this.isSubmission) return false;
    return this.secure || (this.deps.plaintextAuth.current && isLoopback(this.#conn.remote.host));
  }

  begin(sending: Sending): void {
    this.counts.transactions++;
    const id = makeId(this.deps.clock, this.deps.random);
    this.transaction = {
      id,
      ...sending,
      recipients: [],
      dsn: [],
      accepted: [],
      refused: 0,
      transfer: null,
    };
  }

  /** Gives up what is not finished: RSET, a new greeting, the end. */
  endTransaction(): void {
    this.transaction?.transfer?.message.abandon();
    this.transaction = null;
  }

  /** After STARTTLS the client starts anew and we forget what it said in the clear (RFC 3207 section 4.2). */
  forgetAll(): void {
    this.hello = null;
    this.account = null;
    this.endTransaction();
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
      ...(this.transaction?.holdUntil == null ? {} : { holds: true }),
      ...(this.transaction?.size == null ? {} : { declaredSize: this.transaction.size }),
    };
  }

  submitContext(transaction: Transaction): SubmitContext {
    return {
      id: transaction.id,
      sessionId: this.#conn.id,
      origin: this.isSubmission ? "submission" : this.isLmtp ? "lmtp" : "smtp",
      protocol: this.#protocol(transaction),
      client: { address: this.clientAddress, helo: this.hello?.name ?? "" },
      account: this.account,
      tls: this.#conn.tls,
    };
  }

  /** RFC 3848, and RFC 6531 section 4.3 for UTF8. */
  #protocol(transaction: Transaction): string {
    if (this.hello?.extended !== true) return "SMTP";
    const [plain, utf8] = this.isLmtp ? ["LMTP", "UTF8LMTP"] : ["ESMTP", "UTF8SMTP"];
    const base = transaction.smtputf8 ? utf8 : plain;
    return `${base}${this.secure ? "S" : ""}${this.account === null ? "" : "A"}`;
  }
}

/** What the door is given; what nobody said is left out. */
export function envelopeOf(transaction: Transaction): Envelope {
  const { sender, recipients, smtputf8, eightBit, binary, requireTls, holdUntil } = transaction;
  const { returns, envelopeId, dsn } = transaction;
  const said = returns !== null || envelopeId !== null || dsn.some((wish) => wish !== NO_DSN);
  return {
    sender,
    recipients,
    smtputf8,
    eightBit,
    ...(binary ? { binary } : {}),
    ...(said ? { dsn: { returns, envelopeId, recipients: dsn } } : {}),
    ...(requireTls ? { requireTls } : {}),
    ...(holdUntil === null ? {} : { holdUntil }),
  };
}
