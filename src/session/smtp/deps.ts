import type { Authenticate, Clock, Live, Log, Metrics, Random } from "../../core/ports.ts";
import type { Door } from "../../intake/door.ts";
import type { SmtpLimits } from "./limits.ts";

/** `smtp`: from other servers, on 25. `submission` and `submissions`: from our users, on 587 and 465. */
export type SmtpService = "smtp" | "submission" | "submissions";

export interface SmtpDeps {
  /** The name in the banner and in the answer to EHLO. */
  readonly hostname: string;
  readonly door: Door;
  readonly authenticate: Authenticate;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly metrics: Metrics;
  readonly limits: Live<SmtpLimits>;
  /** Aborts when the server stops: the running command is finished, then the session ends with 421. */
  readonly shutdown: AbortSignal;
  /** Clients on this machine may log in without TLS. */
  readonly plaintextAuth: Live<boolean>;
}
