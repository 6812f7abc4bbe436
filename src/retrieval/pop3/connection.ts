import type { Conn } from "../../core/ports.ts";
import { LineReader, type Patience } from "../../core/line_reader.ts";
import { concatBytes } from "../../core/bytes.ts";
import type { ClientConn } from "../../net/connect.ts";
import { DotUnstuffer } from "../../wire/pop3/client_body.ts";
import {
  NO_POP3_CAPABILITIES,
  parsePop3Capabilities,
  parsePop3Status,
  type Pop3Capabilities,
  pop3Command,
  type Pop3Status,
  pop3Text,
} from "../../wire/pop3/client.ts";
import { MessageError, trouble } from "../errors.ts";
import { within } from "../patience.ts";
import type { RetrievalSettings } from "../settings.ts";

/** RFC 1939 section 3: 512 octets; some servers say more. */
const STATUS_LINE = 4096;
/** How many capabilities there may be. */
const MAX_CAPABILITIES = 200;
const CHUNK = 64 * 1024;

/** POP3 spoken by a client. Nothing that the server does costs more memory than the limits, nor more time. */
export class Pop3Connection {
  readonly conn: ClientConn;
  readonly #reader: LineReader;
  readonly #settings: RetrievalSettings;
  capabilities: Pop3Capabilities = NO_POP3_CAPABILITIES;

  constructor(conn: ClientConn, settings: RetrievalSettings) {
    this.conn = conn;
    this.#reader = new LineReader(conn as Pick<Conn, "read">);
    this.#settings = settings;
  }

  /** Bytes that came and were not asked for. */
  get unasked(): number {
    return this.#reader.buffered;
  }

  async greeting(): Promise<Pop3Status> {
    return await this.status("The greeting");
  }

  async command(...words: readonly string[]): Promise<Pop3Status> {
    await this.send(...words);
    return await this.status(`The answer to ${words[0]}`);
  }

  async send(...words: readonly string[]): Promise<void> {
    await this.conn.write(pop3Command(...words));
  }

  async status(what: string): Promise<Pop3Status> {
    return parsePop3Status(await this.#line(STATUS_LINE, within(this.#settings.commandTimeoutMs, what)));
  }

  /** RFC 2449; a server without CAPA can do nothing more than it must. */
  async askCapabilities(): Promise<void> {
    this.capabilities = NO_POP3_CAPABILITIES;
    if ((await this.command("CAPA")).kind !== "ok") return;
    const lines: string[] = [];
    await this.lines(MAX_CAPABILITIES, (line) => void lines.push(line));
    this.capabilities = parsePop3Capabilities(lines);
  }

  /** The lines of a multi-line response, of which the status is read. More than so many are an error. */
  async lines(limit: number, onLine: (line: string) => void): Promise<void> {
    const patience = within(this.#settings.listTimeoutMs, "A list");
    for (let count = 0;; count++) {
      const text = pop3Text(await this.#line(STATUS_LINE, patience));
      if (text === ".") return;
      if (count >= limit) throw trouble(`It lists more than ${limit} lines; see retrieval.messages`);
      onLine(text.startsWith(".") ? text.slice(1) : text);
    }
  }

  /** The bytes of a message, of which the status is read. Throws `MessageError` when there are more than `limit`. */
  async *body(limit: number): AsyncGenerator<Uint8Array> {
    const patience = within(this.#settings.messageTimeoutMs, "The message");
    const unstuffer = new DotUnstuffer();
    for (let size = 0;;) {
      const chunk = await this.#reader.some(CHUNK, patience);
      if (chunk === null) throw trouble("The connection was lost in the middle of a message");
      const { bytes, end } = unstuffer.write(chunk);
      size += bytes.length;
      if (size > limit) throw new MessageError(`The message has more than the ${limit} bytes that are taken`);
      if (bytes.length > 0) yield bytes;
      if (end === null) continue;
      this.#reader.unread(concatBytes([chunk.subarray(end)]));
      return;
    }
  }

  close(): void {
    this.conn.close();
  }

  async #line(limit: number, patience: Patience): Promise<Uint8Array> {
    const line = await this.#reader.line(limit, patience);
    if (line === null) throw trouble("The other side closed the connection");
    return line;
  }
}
