import { LineReader } from "../../core/line_reader.ts";
import type { Reply } from "../../core/reply.ts";
import type { ClientConn } from "../../net/connect.ts";
import { commandLine, NO_OFFER, parseOffer, readReply, type ServerOffer } from "../../wire/smtp/mod.ts";

/** One address of one host. */
export interface Target {
  /** The name by which the host is known: from the MX record, the relay setting, or the address literal. */
  readonly name: string;
  readonly address: string;
  readonly port: number;
}

export function targetKey({ name, address, port }: Target): string {
  return `${name} ${address} ${port}`;
}

/** `name [address]`, as outcomes and reports show it. */
export function describeTarget({ name, address }: Target): string {
  return name.startsWith("[") ? name : `${name} [${address}]`;
}

/** An open SMTP connection to a host: what it offers, and commands with their replies. */
export class Peer {
  readonly target: Target;
  readonly conn: ClientConn;
  readonly reader: LineReader;
  offer: ServerOffer = NO_OFFER;
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

  reply(timeoutMs: number): Promise<Reply> {
    return readReply(this.reader, { timeoutMs });
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
