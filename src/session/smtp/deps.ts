import type { Authenticate, Clock, Live, Log, Metrics, Random, Scram } from "../../core/ports.ts";
import type { Door } from "../../intake/door.ts";
import type { SmtpLimits } from "./limits.ts";
import type { ClientRates } from "./rates.ts";

/**
 * `smtp`: from other servers, on 25. `submission` and `submissions`: from our users, on 587 and 465. `lmtp`: from another
 * mail system on this machine or network, which wants an answer for each recipient (RFC 2033).
 */
export type SmtpService = "smtp" | "submission" | "submissions" | "lmtp";

export interface SmtpDeps {
  /** The name in the banner and in the answer to EHLO. */
  readonly hostname: string;
  readonly door: Door;
  readonly authenticate: Authenticate;
  /** Without it SCRAM is not offered. */
  readonly scram?: Scram;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly metrics: Metrics;
  readonly limits: Live<SmtpLimits>;
  /** Shared by all sessions; without it nobody's rate is limited. */
  readonly rates?: ClientRates;
  /** Aborts when the server stops: the running command is finished, then the session ends with 421. */
  readonly shutdown: AbortSignal;
  /** DSN is offered on port 25, too; so it is when missing. */
  readonly strangersDsn?: Live<boolean>;
  /** Clients on this machine may log in without TLS. */
  readonly plaintextAuth: Live<boolean>;
}
