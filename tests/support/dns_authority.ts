/**
 * A DNS server of our own on loopback, UDP and TCP on one port, that answers from data and misbehaves on demand. It
 * encodes with `dns-packet`, which our own reader of DNS messages (wire/dns) has nothing in common with.
 *
 * @example
 * const dns = await startDnsAuthority({ zones: { "a.test": { MX: [{ preference: 10, exchange: "mx.a.test" }] } } });
 * dns.set("mx.a.test", { A: ["127.0.0.1"] });
 * dns.set("slow.test", { fault: "silent" });
 */
import { Buffer } from "node:buffer";
import dgram from "node:dgram";
import packet from "dns-packet";

/** What goes wrong with every answer about a name. */
export type DnsFault =
  | "servfail"
  | "refused"
  | "formerr-edns" // FORMERR for a query with EDNS, as servers from before 1999 do
  | "silent" // no answer at all
  | "truncated" // by UDP only the TC bit; by TCP the answer
  | "wrong-id" // an answer to a question that nobody asked
  | "wrong-question"
  | "referral" // "ask that server", which a recursive server never says
  | "garbage";

/** What there is under one name. */
export interface DnsEntry {
  readonly MX?: readonly { readonly preference: number; readonly exchange: string }[];
  readonly A?: readonly string[];
  readonly AAAA?: readonly string[];
  readonly CNAME?: string;
  /** One record each; longer than 255 bytes it is cut into strings. */
  readonly TXT?: readonly string[];
  readonly PTR?: readonly string[];
  /** As in a zone file: `3 1 1 abcd`. */
  readonly TLSA?: readonly string[];
  /** Seconds; 60 when not given. */
  readonly ttl?: number;
  readonly fault?: DnsFault;
  /** Do not follow the CNAME in the same answer. */
  readonly bareAlias?: boolean;
  /** Says that DNSSEC proved it. */
  readonly authentic?: boolean;
  /** Milliseconds before the answer goes out. */
  readonly delay?: number;
  /** Changes the finished packet, or makes several of it. */
  readonly mangle?: (answer: Uint8Array) => Uint8Array[];
}

export interface DnsQuery {
  readonly name: string;
  readonly type: string;
  readonly transport: "udp" | "tcp";
  readonly port: number;
  readonly id: number;
}

export interface DnsAuthorityOptions {
  /** By name: lower case, no final dot. A name that is missing does not exist. */
  readonly zones?: Readonly<Record<string, DnsEntry>>;
  readonly hostname?: string;
  /** The TTL and the MINIMUM of the SOA in negative answers; 30 seconds when not given. Null: no SOA. */
  readonly negativeTtl?: number | null;
}

export interface DnsAuthority extends AsyncDisposable {
  /** As it stands in `dns.servers`: `127.0.0.1:port`. */
  readonly address: string;
  /** Every query that came, in order. */
  readonly queries: readonly DnsQuery[];
  /** Replaces what is under a name; null takes it away. */
  set(name: string, entry: DnsEntry | null): void;
  close(): Promise<void>;
}

export async function startDnsAuthority(options: DnsAuthorityOptions = {}): Promise<DnsAuthority> {
  const hostname = options.hostname ?? "127.0.0.1";
  for (let tries = 0;; tries++) {
    const listener = Deno.listen({ hostname, port: 0 });
    const socket = dgram.createSocket("udp4");
    try {
      await bind(socket, (listener.addr as Deno.NetAddr).port, hostname);
      return new Authority(socket, listener, options);
    } catch (error) {
      listener.close();
      socket.close();
      if (tries === 20) throw error;
    }
  }
}

function bind(socket: dgram.Socket, port: number, hostname: string): Promise<void> {
  return new Promise((resolve, reject) => {
    socket.once("error", reject);
    socket.bind(port, hostname, resolve);
  });
}

interface Asked {
  readonly id: number;
  readonly name: string;
  readonly type: string;
  readonly edns: boolean;
  readonly transport: "udp" | "tcp";
}

type Answer = Parameters<typeof packet.encode>[0];

class Authority implements DnsAuthority {
  readonly address: string;
  readonly queries: DnsQuery[] = [];
  #socket: dgram.Socket;
  #listener: Deno.TcpListener;
  #entries: Map<string, DnsEntry>;
  #negativeTtl: number | null;
  #closed = false;
  #conns = new Set<Deno.TcpConn>();
  #timers = new Set<ReturnType<typeof setTimeout>>();
  #serving: Promise<void>;

  constructor(socket: dgram.Socket, listener: Deno.TcpListener, options: DnsAuthorityOptions) {
    const { hostname, port } = listener.addr as Deno.NetAddr;
    this.address = `${hostname}:${port}`;
    this.#socket = socket;
    this.#listener = listener;
    this.#entries = new Map(Object.entries(options.zones ?? {}));
    this.#negativeTtl = options.negativeTtl === undefined ? 30 : options.negativeTtl;
    socket.on("error", () => {});
    socket.on("message", (bytes, from) => this.#overUdp(bytes, from));
    this.#serving = this.#serveTcp();
  }

  set(name: string, entry: DnsEntry | null): void {
    if (entry === null) this.#entries.delete(name);
    else this.#entries.set(name, entry);
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    for (const timer of this.#timers) clearTimeout(timer);
    this.#listener.close();
    for (const conn of this.#conns) closeQuietly(conn);
    await new Promise<void>((resolve) => this.#socket.close(resolve));
    await this.#serving;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #overUdp(bytes: Uint8Array, from: dgram.RemoteInfo): void {
    const asked = readQuery(bytes, "udp");
    if (asked === null) return;
    this.queries.push({ ...pick(asked), port: from.port });
    this.#later(asked, () => {
      for (const answer of this.#answers(asked)) {
        if (!this.#closed) this.#socket.send(answer, from.port, from.address);
      }
    });
  }

  async #serveTcp(): Promise<void> {
    const serving: Promise<void>[] = [];
    try {
      for await (const conn of this.#listener) {
        this.#conns.add(conn);
        serving.push(
          this.#overTcp(conn).catch(() => {}).finally(() => {
            this.#conns.delete(conn);
            closeQuietly(conn);
          }),
        );
      }
    } finally {
      await Promise.all(serving);
    }
  }

  async #overTcp(conn: Deno.TcpConn): Promise<void> {
    for (;;) {
      const size = await readExactly(conn, 2);
      if (size === null) return;
      const bytes = await readExactly(conn, size[0]! << 8 | size[1]!);
      const asked = bytes === null ? null : readQuery(bytes, "tcp");
      if (asked === null) return;
      this.queries.push({ ...pick(asked), port: (conn.remoteAddr as Deno.NetAddr).port });
      await new Promise<void>((resolve) => this.#later(asked, resolve));
      for (const answer of this.#answers(asked)) {
        await conn.write(Uint8Array.of(answer.length >> 8, answer.length & 255, ...answer));
      }
    }
  }

  #later(asked: Asked, run: () => void): void {
    const delay = this.#entries.get(asked.name)?.delay;
    if (delay === undefined) return run();
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      run();
    }, delay);
    this.#timers.add(timer);
  }

  /** The packets that go out as an answer: mostly one. */
  #answers(asked: Asked): Uint8Array[] {
    const entry = this.#entries.get(asked.name);
    const answer = this.#faulty(asked, entry?.fault);
    if (answer === null) return [];
    return entry?.mangle === undefined ? [answer] : entry.mangle(answer);
  }

  #faulty(asked: Asked, fault: DnsFault | undefined): Uint8Array | null {
    switch (fault) {
      case "silent":
        return null;
      case "servfail":
        return encode(asked, { rcode: 2 });
      case "refused":
        return encode(asked, { rcode: 5 });
      case "formerr-edns":
        return asked.edns ? encode({ ...asked, edns: false }, { rcode: 1 }) : this.#honest(asked);
      case "truncated":
        return asked.transport === "udp" ? encode(asked, { truncated: true }) : this.#honest(asked);
      case "wrong-id":
        return this.#honest({ ...asked, id: asked.id ^ 1 });
      case "wrong-question":
        return this.#honest({ ...asked, name: `not-${asked.name}` });
      case "referral":
        return encode(asked, {
          authorities: [{ type: "NS", name: "test", ttl: 60, data: "ns.elsewhere.test" }],
        });
      case "garbage":
        return Uint8Array.of(asked.id >> 8, asked.id & 255, 0x81, 0x80, 0, 1, 0, 9, 0, 0, 0, 0, 0xc0, 0x0c);
      case undefined:
        return this.#honest(asked);
    }
  }

  #honest(asked: Asked): Uint8Array {
    const answers: object[] = [];
    let name = asked.name;
    for (let hops = 0; hops < 30; hops++) {
      const entry = this.#entries.get(name);
      const records = entry === undefined ? [] : recordsOf(name, entry, asked.type);
      answers.push(...records);
      if (records.length > 0 || entry?.CNAME === undefined) break;
      answers.push({ type: "CNAME", name, ttl: entry.ttl ?? 60, data: entry.CNAME });
      name = entry.CNAME;
      if (entry.bareAlias) return encode(asked, { answers });
    }
    const authentic = this.#entries.get(asked.name)?.authentic ?? false;
    if (answers.some((answer) => (answer as { type: string }).type === asked.type)) {
      return encode(asked, { answers, authentic });
    }
    const rcode = this.#exists(name) ? 0 : 3;
    return encode(asked, { answers, authentic, rcode, authorities: this.#soa(name) });
  }

  /** Also true for names that have only names below them (RFC 8020). */
  #exists(name: string): boolean {
    return this.#entries.has(name) || [...this.#entries.keys()].some((other) => other.endsWith(`.${name}`));
  }

  #soa(name: string): object[] {
    const minimum = this.#negativeTtl;
    if (minimum === null) return [];
    const zone = name.split(".").at(-1)!;
    const data = {
      mname: "ns.test",
      rname: "root.test",
      serial: 1,
      refresh: 60,
      retry: 60,
      expire: 60,
      minimum,
    };
    return [{ type: "SOA", name: zone, ttl: minimum * 2, data }];
  }
}

function pick({ name, type, transport, id }: Asked) {
  return { name, type, transport, id };
}

function readQuery(bytes: Uint8Array, transport: "udp" | "tcp"): Asked | null {
  try {
    const query = packet.decode(Buffer.from(bytes));
    const [question] = query.questions;
    if (query.type !== "query" || question === undefined) return null;
    const edns = query.additionals.some((record: { type: string }) => record.type === "OPT");
    return { id: query.id, name: question.name.toLowerCase(), type: question.type, edns, transport };
  } catch {
    return null;
  }
}

interface AnswerParts {
  readonly answers?: object[];
  readonly authorities?: object[];
  readonly rcode?: number;
  readonly authentic?: boolean;
  readonly truncated?: boolean;
}

function encode(asked: Asked, parts: AnswerParts): Uint8Array {
  let flags = packet.RECURSION_DESIRED | packet.RECURSION_AVAILABLE | (parts.rcode ?? 0);
  if (parts.authentic) flags |= packet.AUTHENTIC_DATA;
  if (parts.truncated) flags |= packet.TRUNCATED_RESPONSE;
  const answer = {
    type: "response",
    id: asked.id,
    flags,
    questions: [{ type: asked.type, name: asked.name, class: "IN" }],
    answers: parts.answers ?? [],
    authorities: parts.authorities ?? [],
    additionals: asked.edns ? [{ type: "OPT", name: ".", udpPayloadSize: 1232, flags: 0, options: [] }] : [],
  };
  // A copy, since `slice` of a Buffer is a view, which would surprise `mangle`.
  const bytes = Uint8Array.from(packet.encode(answer as unknown as Answer) as Buffer);
  const limit = asked.transport === "tcp" ? 65535 : asked.edns ? 1232 : 512;
  return bytes.length > limit ? encode(asked, { truncated: true }) : bytes;
}

function recordsOf(name: string, entry: DnsEntry, type: string): object[] {
  const ttl = entry.ttl ?? 60;
  const as = (data: unknown) => ({ type, name, ttl, class: "IN", data });
  switch (type) {
    case "MX":
      return (entry.MX ?? []).map(as);
    case "A":
      return (entry.A ?? []).map(as);
    case "AAAA":
      return (entry.AAAA ?? []).map(as);
    case "PTR":
      return (entry.PTR ?? []).map(as);
    case "TLSA":
      return (entry.TLSA ?? []).map((text) => as(tlsaData(text)));
    case "TXT":
      return (entry.TXT ?? []).map((text) => as(cut(Buffer.from(text))));
    default:
      return [];
  }
}

function tlsaData(text: string): object {
  const [usage, selector, matchingType, data = ""] = text.split(" ");
  return {
    usage: Number(usage),
    selector: Number(selector),
    matchingType: Number(matchingType),
    certificate: Buffer.from(data, "hex"),
  };
}

function cut(text: Buffer): Buffer[] {
  const parts: Buffer[] = [];
  for (let at = 0; at < text.length || at === 0; at += 255) parts.push(text.subarray(at, at + 255));
  return parts;
}

async function readExactly(conn: Deno.TcpConn, length: number): Promise<Uint8Array | null> {
  const bytes = new Uint8Array(length);
  for (let at = 0; at < length;) {
    const read = await conn.read(bytes.subarray(at));
    if (read === null) return null;
    at += read;
  }
  return bytes;
}

function closeQuietly(conn: Deno.TcpConn): void {
  try {
    conn.close();
  } catch {
    // The client was faster.
  }
}
