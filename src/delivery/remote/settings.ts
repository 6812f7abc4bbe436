const SECOND = 1000;
const MINUTE = 60 * SECOND;

/** A host that takes mail for others from us: a smarthost. */
export interface RelaySettings {
  /** A name or an address. */
  readonly host: string;
  readonly port: number;
  /** Both or neither. They are sent over TLS with a verified certificate only. */
  readonly user: string | null;
  readonly password: string | null;
  /**
   * `opportunistic`: STARTTLS if it is offered, as between strangers; `required`: STARTTLS and a valid certificate, or no
   * delivery; `implicit`: TLS from the first byte and a valid certificate (port 465).
   */
  readonly tls: "opportunistic" | "required" | "implicit";
}

/** A rule for some of the mail; the first one that fits counts. */
export interface RouteRule {
  /** Recipient domains, `*.example.com` for all below example.com, `*` for all; null: any. */
  readonly to: readonly string[] | null;
  /** Sender domains, written in the same way; null: any, and reports, which have no sender. */
  readonly from: readonly string[] | null;
  /** `direct`: to the hosts that the DNS names, `relay` below notwithstanding. */
  readonly via: RelaySettings | "direct";
}

/** RFC 5321 section 4.5.3.2, and what it leaves open. Milliseconds. */
export interface RemoteTimeouts {
  readonly connect: number;
  readonly greeting: number;
  /** For EHLO, HELO, STARTTLS, AUTH and RSET. */
  readonly command: number;
  readonly tls: number;
  readonly mail: number;
  readonly rcpt: number;
  readonly data: number;
  /** For one block of the message to be taken. */
  readonly block: number;
  readonly final: number;
}

export interface RemoteSettings {
  /** 25, but for tests. */
  readonly port: number;
  readonly routes: readonly RouteRule[];
  /** For all that no rule is for. */
  readonly relay: RelaySettings | null;
  /** For mail that the hosts of a domain refuse from us for reasons of policy, such as a block list. */
  readonly fallbackRelay: RelaySettings | null;
  /** How long all mail for such a domain takes that way. */
  readonly fallbackMs: number;
  /** Our addresses to connect from; null: the system chooses. */
  readonly source: { readonly ipv4: string | null; readonly ipv6: string | null };
  /** How long one address of a host is ahead of the next one (RFC 8305 section 5). */
  readonly headStartMs: number;
  /** Heed TLSA records (RFC 7672), where the resolver says that they are authentic. */
  readonly dane: boolean;
  /** Heed MTA-STS policies (RFC 8461). */
  readonly mtaSts: boolean;
  /** 443, but for tests. */
  readonly mtaStsPort: number;
  readonly mtaStsTimeoutMs: number;
  /** Never send to a domain with worse TLS than it had before. */
  readonly tlsMemory: boolean;
  /** Authorities to believe besides the well-known ones, as PEM. */
  readonly authorities: string | null;
  /** Messages of this size and above go by BDAT where that is offered (RFC 3030). */
  readonly bdatSize: number;
  /** Off where IPv6 does not lead out, or has no reverse name. */
  readonly ipv6: boolean;
  /** How many hosts and addresses are tried in one attempt. */
  readonly maxHosts: number;
  readonly maxAddresses: number;
  readonly timeouts: RemoteTimeouts;
  /** How long a connection is kept for the next message, how many messages it carries, and how many are kept at all. */
  readonly idleMs: number;
  readonly messagesPerConnection: number;
  readonly idleConnections: number;
}

export const defaultRemoteSettings: RemoteSettings = {
  port: 25,
  routes: [],
  relay: null,
  fallbackRelay: null,
  fallbackMs: 24 * 60 * MINUTE,
  source: { ipv4: null, ipv6: null },
  headStartMs: 250,
  dane: true,
  mtaSts: true,
  mtaStsPort: 443,
  mtaStsTimeoutMs: 30 * SECOND,
  tlsMemory: false,
  authorities: null,
  bdatSize: 1024 * 1024,
  ipv6: true,
  maxHosts: 8,
  maxAddresses: 12,
  timeouts: {
    connect: 30 * SECOND,
    greeting: 5 * MINUTE,
    command: 5 * MINUTE,
    tls: 30 * SECOND,
    mail: 5 * MINUTE,
    rcpt: 5 * MINUTE,
    data: 2 * MINUTE,
    block: 3 * MINUTE,
    final: 10 * MINUTE,
  },
  idleMs: 5 * SECOND,
  messagesPerConnection: 100,
  idleConnections: 50,
};
