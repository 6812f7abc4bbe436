import type { Endpoint } from "../../core/ports.ts";
import type { RemoteSettings } from "../../delivery/remote/settings.ts";
import type { FilterSettings } from "../../delivery/filter/mod.ts";
import type { DeliverySettings } from "../../intake/delivery_settings.ts";
import type { DirectorySpec } from "../../intake/directory.ts";
import type { IntakeLimits } from "../../intake/limits.ts";
import type { SubmissionSettings } from "../../intake/submission_settings.ts";
import type { AuthLimits } from "../../intake/authenticator.ts";
import type { ListenLimits } from "../../net/listen.ts";
import type { QueueSettings } from "../../queue/settings.ts";
import type { RetrievalSettings, SourceSpec } from "../../retrieval/mod.ts";
import type { ImapLimits } from "../../session/imap/limits.ts";
import type { ManageSieveLimits } from "../../session/managesieve/limits.ts";
import type { Pop3Limits } from "../../session/pop3/limits.ts";
import type { SmtpLimits } from "../../session/smtp/limits.ts";
import type { RateLimits } from "../../session/smtp/rates.ts";
import type { LogSettings } from "../log/mod.ts";
import type { TraceSettings } from "../trace/mod.ts";

/** The listeners, by their keys under `listen:`. */
export type ListenerName =
  | "smtp"
  | "submission"
  | "submissions"
  | "imap"
  | "imaps"
  | "pop3"
  | "pop3s"
  | "lmtp"
  | "managesieve"
  | "http";

/** The whole configuration: checked, complete, with absolute file names and in the units that the rooms use. */
export interface Config {
  /** The name in the banner, EHLO and Received. */
  readonly hostname: string;
  /** The folder of database, keys, certificates and control socket. */
  readonly data: string;
  /** Where `mailden sendmail` puts messages and the server takes them from. */
  readonly maildrop: string;
  /** An empty list is off; an empty host is every address of the machine, IPv4 and IPv6; port 0 is any free one. */
  readonly listen: Readonly<Record<ListenerName, readonly Endpoint[]>>;
  /** PEM files; both null for a self-signed pair. */
  readonly tls: { readonly certificate: string | null; readonly key: string | null };
  /** Proxies whose PROXY header says who the client is. */
  readonly proxy: NetworkSettings;
  /** Who may hand over mail by LMTP. */
  readonly lmtp: NetworkSettings;
  readonly dns: DnsSettings;
  /** Who may log in without TLS. */
  readonly plaintextAuth: "never" | "loopback";
  readonly limits: Limits;
  readonly submission: SubmissionSettings;
  readonly delivery: DeliverySettings;
  readonly outbound: RemoteSettings;
  readonly queue: QueueSettings;
  readonly retrieval: RetrievalSettings;
  /** What is fetched from other providers, for which account. */
  readonly sources: readonly SourceSpec[];
  readonly sieve: SieveFiles;
  readonly store: StoreSettings;
  readonly search: SearchSettings;
  readonly trace: TraceSettings;
  readonly log: LogSettings;
  readonly directory: DirectorySpec;
}

export interface NetworkSettings {
  /** Ranges such as `10.0.0.0/8`, or single addresses. */
  readonly networks: readonly string[];
}

export interface DnsSettings {
  /** Empty: those of /etc/resolv.conf. */
  readonly servers: readonly string[];
  /** Their word on DNSSEC is believed though they are not on this machine. */
  readonly trustAd: boolean;
  readonly timeoutMs: number;
  readonly tries: number;
  readonly cacheSize: number;
}

export interface Limits {
  readonly intake: IntakeLimits;
  /** Of each listener for itself. */
  readonly connections: ListenLimits;
  readonly smtp: SmtpLimits;
  /** Of one client over all its SMTP sessions. */
  readonly rates: RateLimits;
  readonly imap: ImapLimits;
  readonly pop3: Pop3Limits;
  readonly managesieve: ManageSieveLimits;
  readonly auth: AuthLimits;
  readonly sieve: FilterSettings;
}

/** The full-text index. */
export interface SearchSettings {
  readonly index: boolean;
  /** Of one message's text, as much goes in. */
  readonly textSize: number;
  /** How long new mail may wait for it. */
  readonly delayMs: number;
}

/** The administrator's scripts, as files. */
export interface SieveFiles {
  /** Run before, and after, those of each account. */
  readonly before: string | null;
  readonly after: string | null;
  /** A folder of scripts that others may include: `NAME.sieve` each. */
  readonly global: string | null;
}

export interface StoreSettings {
  readonly undeleteDays: number;
}
