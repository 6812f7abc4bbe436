import type {
  Authenticate,
  AuthenticateToken,
  Clock,
  Live,
  Log,
  Metrics,
  Random,
  Scram,
} from "../../core/ports.ts";
import type { Directory } from "../../intake/directory.ts";
import type { Store } from "../../store/mod.ts";
import type { ImapLimits } from "./limits.ts";

export interface ImapDeps {
  /** The name in the greeting. */
  readonly hostname: string;
  readonly store: Store;
  readonly authenticate: Authenticate;
  /** Who may be given rights, and who may keep how much; without it nobody, and any. */
  readonly directory?: Live<Directory>;
  /** Without it SCRAM is not offered. */
  readonly scram?: Scram;
  /** Without it OAUTHBEARER and XOAUTH2 are not offered. */
  readonly authenticateToken?: AuthenticateToken;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly metrics: Metrics;
  readonly limits: Live<ImapLimits>;
  /** Aborted when the server stops: idle sessions end at once, others after their command. */
  readonly shutdown: AbortSignal;
  /** Clients on this machine may log in without TLS. */
  readonly plaintextAuth: Live<boolean>;
  /** One for all sessions of the server, for the gauge of open ones. */
  readonly sessions?: SessionCount;
}

export interface SessionCount {
  open: number;
  /** Those that use COMPRESS. */
  compressed: number;
}
