/**
 * The ports: what a room is given from outside instead of importing it (STYLE.md 12). They are types only.
 */
import type { Envelope } from "./envelope.ts";
import type { Outcome } from "./outcome.ts";

export interface Endpoint {
  readonly host: string;
  readonly port: number;
  /** A unix socket's file. Where we listen on one the host is empty and the port 0; who comes through it is 127.0.0.1. */
  readonly path?: string;
}

export interface TlsInfo {
  /** As in `TLSv1.3`. */
  readonly version: string;
  /** The cipher's standard name, as in `TLS_AES_256_GCM_SHA384`. */
  readonly cipher: string;
  readonly servername: string | null;
  /** The `tls-exporter` channel binding (RFC 9266); missing where the runtime or the version of TLS does not give it. */
  readonly channelBinding?: Uint8Array;
}

/**
 * One stream to a peer. Its owner is the only reader and the only writer. A `read` or `write` that takes
 * too long throws `TimeoutError`; the connection can still be written to (to say 421) and must be closed.
 */
export interface Conn {
  /** Unique in this process; it stands in every log line of the session. */
  readonly id: string;
  readonly local: Endpoint;
  readonly remote: Endpoint;
  readonly tls: TlsInfo | null;
  /** The next bytes, which then belong to the caller; null at the end of the stream. One read at a time. */
  read(timeoutMs: number): Promise<Uint8Array | null>;
  /** Resolves when the bytes are with the kernel, so a client that stops reading makes its writer wait. */
  write(bytes: Uint8Array): Promise<void>;
  /** As the server, hands the stream over to TLS. The caller has read, and thrown away, all that came before. */
  startTls(): Promise<void>;
  /** Ends the connection; safe to call twice. What was written is flushed first, for a short time. */
  close(): void;
}

export interface Clock {
  /** Milliseconds since 1970. */
  now(): number;
  /** Resolves after `ms`, or at once when the signal aborts (it never rejects). */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
}

export interface Random {
  bytes(length: number): Uint8Array;
  /** In [0, 1). */
  fraction(): number;
}

export type LogFields = Readonly<Record<string, string | number | boolean | null | readonly string[]>>;

/** One structured line per event. `event` is a fixed word such as `message-accepted`; never a body or a password. */
export interface Log {
  debug(event: string, fields?: LogFields): void;
  info(event: string, fields?: LogFields): void;
  warn(event: string, fields?: LogFields): void;
  error(event: string, fields?: LogFields): void;
  /** A log whose lines all carry these fields too. */
  with(fields: LogFields): Log;
}

export type Labels = Readonly<Record<string, string>>;

export interface Metrics {
  /** Adds to a counter; its name ends in `_total`. */
  count(name: string, labels?: Labels, by?: number): void;
  /** Sets a gauge. */
  gauge(name: string, value: number, labels?: Labels): void;
  /** One observation of a histogram, in seconds. */
  observe(name: string, seconds: number, labels?: Labels): void;
}

/** A value that a reload may replace; read `current` at each use, or once per session. */
export interface Live<T> {
  readonly current: T;
}

/** Where a message came from; it becomes the Received header and the log line. */
export interface SubmitContext {
  /** The id under which the message is logged, queued and traced. */
  readonly id: string;
  readonly sessionId: string;
  readonly origin: "smtp" | "submission" | "lmtp" | "report" | "redirect" | "retrieval" | "local";
  /** The keyword for Received (RFC 3848): SMTP, ESMTP, ESMTPS, ESMTPA, ESMTPSA, UTF8SMTPSA, LMTP ... */
  readonly protocol: string;
  /** The client's address and the name it gave; null for what we made ourselves. */
  readonly client: { readonly address: string; readonly helo: string } | null;
  /** The authenticated account, as `alice@example.com`; null when nobody logged in. */
  readonly account: string | null;
  readonly tls: TlsInfo | null;
  /** The id of the message that this one is about (a report) or was made from (a redirect). */
  readonly about?: string;
  /** Spam: it is not sent on to other servers, neither by an alias nor by a forward. */
  readonly spam?: boolean;
  /** Where mail goes that was fetched for one account. Others to whom that account forwards have it as any other mail. */
  readonly place?: {
    readonly account: string;
    /** Unless a filter says otherwise. */
    readonly mailbox: string;
    /** The account's own filters are asked. */
    readonly filters: boolean;
  };
  /** To be kept in the same commit as the message (`FactStore`): what marks it as taken. */
  readonly facts?: readonly {
    readonly space: string;
    readonly key: string;
    readonly value: string;
    readonly expiresAt: number;
  }[];
}

/**
 * The one door (DESIGN.md section 3). Consumes the message, decides, and makes it durable before it
 * resolves, with one outcome per recipient. Throws `Refusal` when the message as a whole is refused, and what the
 * stream threw when the stream broke; in both cases nothing was stored.
 */
export type Submit = (
  envelope: Envelope,
  message: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
  context: SubmitContext,
) => Promise<Outcome[]>;

/**
 * Checks a name and a password. Resolves to the account's name, or null; an unknown user and a wrong password take
 * the same time. Throws `Refusal` (454 4.7.0) when too many log-ins wait.
 */
export type Authenticate = (
  user: string,
  password: string,
  from: { readonly address: string; readonly protocol: string },
) => Promise<string | null>;

/**
 * Checks a bearer token that somebody else has given out (RFC 6750). Resolves to the account's name, or null; `user` is for whom the
 * client says it is, empty when it leaves that to the token. Throws `Refusal` when it cannot be checked now.
 */
export type AuthenticateToken = (
  claim: { readonly user: string; readonly token: string },
  from: { readonly address: string; readonly protocol: string },
) => Promise<string | null>;

/**
 * Log-ins by which the client proves that it knows its password without showing it (SCRAM-SHA-256, RFC 7677). Failures
 * count, delay and block as with `Authenticate`.
 */
export interface Scram {
  /**
   * Begins. There is a salt for every name, known or not. Throws `Refusal` (454 4.7.0) when this client may not try.
   */
  begin(user: string, from: { readonly address: string; readonly protocol: string }): Promise<ScramLogIn>;
}

export interface ScramLogIn {
  readonly salt: Uint8Array;
  readonly iterations: number;
  /** Checks the proof, once; null when it is wrong. The signature is our proof to the client. */
  finish(
    claim: { readonly authMessage: string; readonly proof: Uint8Array },
  ): Promise<{ readonly account: string; readonly signature: Uint8Array } | null>;
}

/** A DNS answer (RFC 1035). Temporary trouble is thrown as `DnsError` (errors.ts), never returned. */
export interface DnsAnswer<T> {
  readonly kind: "found" | "nodata" | "nxdomain";
  readonly records: readonly T[];
  /** Seconds. */
  readonly ttl: number;
  /** A resolver whose word is trusted says that DNSSEC proved the answer (the AD bit). */
  readonly authentic: boolean;
  /** The name at the end of the aliases (CNAME); missing when the name that was asked for is none. */
  readonly canonical?: string;
}

export interface MxRecord {
  readonly preference: number;
  /** Lower case without the final dot; empty for the null MX (RFC 7505). */
  readonly host: string;
}

/** A certificate, or a part of one, that the DNS vouches for (RFC 6698 section 2.1). */
export interface TlsaRecord {
  readonly usage: number;
  readonly selector: number;
  readonly matching: number;
  /** In hexadecimal, lower case. */
  readonly data: string;
}

/** Looks names up with a cache; follows CNAMEs (a bounded number). */
export interface Resolver {
  mx(domain: string, signal?: AbortSignal): Promise<DnsAnswer<MxRecord>>;
  a(host: string, signal?: AbortSignal): Promise<DnsAnswer<string>>;
  aaaa(host: string, signal?: AbortSignal): Promise<DnsAnswer<string>>;
  txt(name: string, signal?: AbortSignal): Promise<DnsAnswer<string>>;
  /** `name` is complete, as in `_25._tcp.mx.example.com` (RFC 6698 section 3). */
  tlsa(name: string, signal?: AbortSignal): Promise<DnsAnswer<TlsaRecord>>;
  /** The names of an IPv4 or IPv6 address. */
  ptr(address: string, signal?: AbortSignal): Promise<DnsAnswer<string>>;
}
