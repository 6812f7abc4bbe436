const SECOND = 1000;
const MINUTE = 60 * SECOND;

/** A smarthost: everything for other domains goes there. */
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
  readonly relay: RelaySettings | null;
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
  relay: null,
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
