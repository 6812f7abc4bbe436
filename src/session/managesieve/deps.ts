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
import type { AccountStore } from "../../store/mod.ts";
import type { ScriptLimits, ScriptStore } from "../../store/scripts.ts";
import type { ManageSieveLimits } from "./limits.ts";

/** What a script is when it has been looked at. */
export type ScriptVerdict =
  | {
    readonly isGood: true;
    /** What may not work as its owner thinks; one line each. */
    readonly warnings: readonly string[];
    /** The owner's other scripts that it cannot do without (RFC 6609). */
    readonly includes: readonly string[];
  }
  | {
    readonly isGood: false;
    /** What is wrong, and in which line and column. */
    readonly error: string;
  };

/** The language, as this server speaks it: what the capabilities tell of it, and whoever reads a script before it is kept. */
export interface SieveLanguage {
  /** In alphabetical order. */
  readonly extensions: readonly string[];
  /** The URI schemes of `notify`, without their colon; empty when it has none (RFC 5435). */
  readonly notifyMethods: readonly string[];
  /** `redirect`s of one run. */
  readonly maxRedirects: number;
  /** Bytes of one script. */
  readonly scriptBytes: number;
  check(script: string): ScriptVerdict;
}

export interface ManageSieveDeps {
  readonly hostname: string;
  readonly store: { readonly accounts: AccountStore; readonly scripts: ScriptStore };
  readonly language: Live<SieveLanguage>;
  /** What one account may have. */
  readonly scriptLimits: Live<ScriptLimits>;
  readonly authenticate: Authenticate;
  /** Without it SCRAM is not offered. */
  readonly scram?: Scram;
  /** Without it there is no OAUTHBEARER and no XOAUTH2. */
  readonly authenticateToken?: AuthenticateToken;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly metrics: Metrics;
  readonly limits: Live<ManageSieveLimits>;
  /** Aborted when the server stops: each session ends as soon as it is between two commands. */
  readonly shutdown: AbortSignal;
  /** Clients on this machine may log in without TLS. */
  readonly plaintextAuth: Live<boolean>;
}
