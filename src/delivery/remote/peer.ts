import { TimeoutError } from "../../core/errors.ts";
import { LineReader } from "../../core/line_reader.ts";
import type { Reply } from "../../core/reply.ts";
import type { ClientConn, TlsPeer } from "../../net/connect.ts";
import { commandLine, NO_OFFER, parseOffer, readReply, type ServerOffer } from "../../wire/smtp/mod.ts";
import type { RelaySettings } from "./settings.ts";

/** One address of one host. */
export interface Target {
  /** The name by which the host is known: from the MX record, the relay setting, or the address literal. */
  readonly name: string;
  readonly address: string;
  readonly port: number;
  /** The relay's settings when the host is a relay. */
  readonly relay: RelaySettings | null;
}

/** Connections with the same key are as good as each other, but for their TLS. */
export function targetKey({ name, address, port, relay }: Target): string {
  return `${name} ${address} ${port} ${relay?.tls ?? ""} ${relay?.user ?? ""}`;
}

/** `name [address]`, as outcomes and reports show it. */
export function describeTarget({ name, address }: Pick<Target, "name" | "address">): string {
  return name.startsWith("[") ? name : `${name} [${address}]`;
}

/** An open SMTP connection to a host: what it offers, and commands with their replies. */
export class Peer {
  readonly target: Target;
  readonly conn: ClientConn;
  readonly reader: LineReader;
  offer: ServerOffer = NO_OFFER;
  /** Who the host showed itself to be; null without TLS. */
  tls: TlsPeer | null = null;
  /** Messages that this connection has carried. */
  messages = 0;
  /** A transaction was begun and not ended: RSET comes before the next one. */
  unfinished = false;

  constructor(target: Target, conn: ClientConn) {
    this.target = target;
    this.conn = conn;
    this.reader = new LineReader(conn);
  }

  get host(): string {
    return describeTarget(this.target);
  }

  offers(keyword: string): boolean {
    return this.offer.keywords.has(keyword);
  }

  async command(bytes: Uint8Array, timeoutMs: number): Promise<Reply> {
    await this.conn.write(bytes);
    return await this.reply(timeoutMs);
  }

  /** The time is that of the whole reply: a host that sends an octet now and then must not hold an attempt for days. */
  reply(timeoutMs: number): Promise<Reply> {
    const until = performance.now() + timeoutMs;
    const patience = () => {
      const left = until - performance.now();
      if (left <= 0) throw new TimeoutError("The reply took too long");
      return left;
    };
    return readReply(this.reader, { timeoutMs: patience });
  }

  /** EHLO, or HELO for a server that knows no EHLO (RFC 5321 section 3.2). */
  async hello(hostname: string, timeoutMs: number): Promise<Reply> {
    const extended = await this.command(commandLine("EHLO", hostname), timeoutMs);
    this.offer = extended.isSuccess ? parseOffer(extended) : NO_OFFER;
    if (!extended.isPermanent) return extended;
    return await this.command(commandLine("HELO", hostname), timeoutMs);
  }

  /** Says goodbye and closes; the answer to QUIT is not waited for. */
  quit(): void {
    this.conn.write(commandLine("QUIT")).catch(() => {
      // It is gone already, which is what was wanted.
    });
    this.conn.close();
  }
}
