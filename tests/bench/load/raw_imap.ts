/** An IMAP client that takes as little of the machine as it can: it counts bytes and looks at nothing but the tagged line. */
import { type ByteConn, TlsConn } from "./tls_conn.ts";

const LF = 10;
const TAG = "tag";
const tagged = /^tag (OK|NO|BAD)([^\r\n]*)\r\n$/;
/** Bytes of the answer that are kept besides the newest: a tagged line fits in. */
const KEPT = 4096;
const READ = 256 * 1024;

const encoder = new TextEncoder();
const decoder = new TextDecoder("latin1");

export interface Answer {
  readonly seconds: number;
  readonly bytes: number;
}

export interface RawMessage {
  readonly bytes: Uint8Array;
  /** As APPEND takes it; the moment it arrives when missing. */
  readonly internalDate?: string;
}

export class RawImap {
  readonly #conn: ByteConn;
  readonly #buffer = new Uint8Array(KEPT + READ);

  private constructor(conn: ByteConn) {
    this.#conn = conn;
  }

  static async open(hostname: string, port: number, { tls = false } = {}): Promise<RawImap> {
    const client = new RawImap(tls ? await TlsConn.connect(hostname, port) : await plain(hostname, port));
    await client.untagged();
    return client;
  }

  /** Sends a command and reads to its tagged OK; throws at a NO or BAD. */
  async command(text: string): Promise<Answer> {
    return await this.#timed([encoder.encode(`${TAG} ${text}\r\n`)], text);
  }

  /** One APPEND (RFC 3502) of all these, with literals that wait for nothing (RFC 7888). */
  async append(mailbox: string, messages: Iterable<RawMessage>): Promise<Answer> {
    const parts = [encoder.encode(`${TAG} APPEND ${mailbox}`)];
    for (const { bytes, internalDate } of messages) {
      const date = internalDate === undefined ? "" : `${internalDate} `;
      parts.push(encoder.encode(` ${date}{${bytes.length}+}\r\n`), bytes.slice());
    }
    return await this.#timed([...parts, encoder.encode("\r\n")], "APPEND");
  }

  /** Whatever the server says next. */
  async untagged(): Promise<string> {
    const read = await this.#conn.read(this.#buffer);
    if (read === null) throw new Error("The server closed the connection");
    return decoder.decode(this.#buffer.subarray(0, read));
  }

  async write(text: string): Promise<void> {
    await this.#write(encoder.encode(text));
  }

  close(): void {
    this.#conn.close();
  }

  async #timed(parts: readonly Uint8Array[], what: string): Promise<Answer> {
    const whole = concat(parts);
    const start = performance.now();
    const [bytes] = await Promise.all([this.#readToTag(what), this.#write(whole)]);
    return { seconds: (performance.now() - start) / 1000, bytes };
  }

  async #write(data: Uint8Array): Promise<void> {
    for (let rest = data; rest.length > 0;) rest = rest.subarray(await this.#conn.write(rest));
  }

  /** How many bytes there were. */
  async #readToTag(what: string): Promise<number> {
    const buffer = this.#buffer;
    let kept = 0;
    for (let bytes = 0;;) {
      const read = await this.#conn.read(buffer.subarray(kept));
      if (read === null) throw new Error(`${what}: the server closed the connection`);
      bytes += read;
      const end = kept + read;
      if (buffer[end - 1] === LF) {
        const line = decoder.decode(buffer.subarray(lineStart(buffer, end), end));
        const match = tagged.exec(line);
        if (match?.[1] === "OK") return bytes;
        if (match !== null) throw new Error(`${what.slice(0, 80)}: ${line.trimEnd()}`);
      }
      kept = Math.min(end, KEPT);
      buffer.copyWithin(0, end - kept, end);
    }
  }
}

async function plain(hostname: string, port: number): Promise<ByteConn> {
  const conn = await Deno.connect({ hostname, port });
  conn.setNoDelay(true);
  return conn;
}

/** Where the last line begins that ends at `end`. */
function lineStart(buffer: Uint8Array, end: number): number {
  return buffer.subarray(Math.max(0, end - KEPT), end - 1).lastIndexOf(LF) + 1 + Math.max(0, end - KEPT);
}

function concat(parts: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}
