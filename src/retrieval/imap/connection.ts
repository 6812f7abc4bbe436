import { concatBytes, decodeLatin1, encodeLatin1 } from "../../core/bytes.ts";
import { LineReader, type Patience } from "../../core/line_reader.ts";
import type { ClientConn } from "../../net/connect.ts";
import {
  beforeLiteral,
  fetchItems,
  literalLength,
  numberOf,
  parseServerResponse,
  type ResponsePart,
  type ServerResponse,
} from "../../wire/imap/client/mod.ts";
import { MessageError, MessageGoneError, trouble } from "../errors.ts";
import { within } from "../patience.ts";
import type { RetrievalSettings } from "../settings.ts";

type StatusResponse = Extract<ServerResponse, { kind: "status" }>;
export type DataResponse = Extract<ServerResponse, { kind: "data" }>;

const CHUNK = 64 * 1024;
/** A response to small questions has few pieces. */
const MAX_PARTS = 64;
/** Besides what a command asks for, a server may tell what has changed. */
const MAX_EXTRA_RESPONSES = 10_000;

export interface CommandOptions {
  readonly onData?: (response: DataResponse) => void;
  /** Untagged OK, NO and BAD. */
  readonly onStatus?: (response: StatusResponse) => void;
  /** The answer to "+": what is sent then, without its line end. */
  readonly onContinue?: (text: string) => string;
  readonly timeoutMs?: number;
  /** More untagged responses than this are an error. */
  readonly responses?: number;
}

/** IMAP spoken by a client. Nothing that the server does costs more memory than the limits, nor more time. */
export class ImapConnection {
  readonly conn: ClientConn;
  readonly #reader: LineReader;
  readonly #settings: RetrievalSettings;
  /** In capitals; empty before it was asked. */
  capabilities: ReadonlySet<string> = new Set();
  #tag = 0;

  constructor(conn: ClientConn, settings: RetrievalSettings) {
    this.conn = conn;
    this.#reader = new LineReader(conn);
    this.#settings = settings;
  }

  /** Bytes that came and were not asked for. */
  get unasked(): number {
    return this.#reader.buffered;
  }

  async greeting(): Promise<StatusResponse> {
    const response = await this.#response(within(this.#settings.commandTimeoutMs, "The greeting"));
    if (response.kind !== "status" || response.tag !== null) throw trouble("It sends no IMAP greeting");
    return response;
  }

  /** Sends a command and reads up to its answer, whatever that is. */
  async command(text: string, options: CommandOptions = {}): Promise<StatusResponse> {
    const tag = await this.#send(text);
    const verb = text.split(" ", 2).join(" ");
    const patience = within(options.timeoutMs ?? this.#settings.commandTimeoutMs, `The answer to ${verb}`);
    return await this.#untilTagged(tag, patience, options);
  }

  /** As `command`, and throws unless the answer is OK. */
  async ok(text: string, options: CommandOptions = {}): Promise<StatusResponse> {
    const answer = await this.command(text, options);
    if (answer.status !== "OK") throw trouble(`It refuses ${text.split(" ", 2).join(" ")}: ${answer.text}`);
    return answer;
  }

  async askCapabilities(): Promise<void> {
    const found = new Set<string>();
    await this.ok("CAPABILITY", {
      onData: ({ name, values }) => {
        if (name !== "CAPABILITY") return;
        for (const value of values) if (value.kind === "atom") found.add(value.text.toUpperCase());
      },
    });
    this.capabilities = found;
  }

  /**
   * A message, streamed. The stream ends well only after the server has said OK and the UID is the one that was asked for, so
   * that whoever stores it then stores the right one, whole. Throws `MessageError` for one
   * that is larger than `limit`, `MessageGoneError` for one that is not there.
   */
  async *message(uid: number, limit: number): AsyncGenerator<Uint8Array> {
    const tag = await this.#send(`UID FETCH ${uid} (UID BODY.PEEK[])`);
    const patience = within(this.#settings.messageTimeoutMs, "The message");
    let found = 0;
    for (let responses = 0; responses < MAX_EXTRA_RESPONSES; responses++) {
      const parts: ResponsePart[] = [];
      for (;;) {
        const line = await this.#line(patience);
        const length = literalLength(line);
        if (length === null) {
          parts.push({ text: line, literal: null });
          break;
        }
        const text = beforeLiteral(line);
        // The items come in the server's own order (RFC 3501 section 7.4.2): the text may be the first.
        if (/[ (]BODY\[\] $/i.test(text) && found === 0) {
          found++;
          if (length > limit) throw new MessageError(`The message has ${length} bytes; ${limit} are taken`);
          yield* this.#bytes(length, patience);
          parts.push({ text, literal: new Uint8Array(0) });
        } else parts.push({ text, literal: await this.#smallLiteral(length, patience) });
        if (parts.length > MAX_PARTS) throw trouble("It sends a response without end");
      }
      const response = parseServerResponse(parts);
      if (response.kind === "status" && response.tag !== null) {
        this.#checkTag(response, tag);
        if (response.status !== "OK") throw trouble(`It refuses to give a message: ${response.text}`);
        if (found === 0) throw new MessageGoneError("The message is not there any more");
        return;
      }
      if (response.kind === "continue") throw trouble("It waits for what it was not promised");
      if (response.kind === "status") this.#checkBye(response);
      else if (response.name === "FETCH") {
        const items = fetchItems(response.values);
        const body = items.get("BODY[]");
        const itsUid = numberOf(items.get("UID"));
        if (body === undefined) continue;
        if (itsUid !== uid) throw trouble(`It sent message ${itsUid ?? "without a UID"} instead of ${uid}`);
        // An empty one may come as a quoted string, or as NIL; whether it may be empty its taker knows.
        if (body.kind === "string" && body.bytes.length > 0 && found === 0) yield body.bytes;
        found++;
      }
    }
    throw trouble("It sends a response without end");
  }

  /** RFC 2177. Resolves to true when something has come, to false after so long, or when the signal aborts. */
  async idle(ms: number, signal: AbortSignal): Promise<boolean> {
    const tag = await this.#send("IDLE");
    const patience = within(this.#settings.commandTimeoutMs, "The answer to IDLE");
    let heard = false;
    for (;;) {
      const response = await this.#response(patience);
      if (response.kind === "continue") break;
      if (response.kind === "status" && response.tag !== null) {
        throw trouble(`It refuses IDLE: ${response.text}`);
      }
      heard ||= isNews(response);
    }
    heard ||= await this.#listen(ms, signal);
    if (!signal.aborted) {
      await this.conn.write(encodeLatin1("DONE\r\n"));
      await this.#untilTagged(tag, within(this.#settings.commandTimeoutMs, "The answer to DONE"), {
        onData: (response) => void (heard ||= isNews(response)),
      });
    }
    return heard;
  }

  close(): void {
    this.conn.close();
  }

  /** Waits for news while nothing else is to be said. */
  async #listen(ms: number, signal: AbortSignal): Promise<boolean> {
    const until = performance.now() + ms;
    const abort = () => this.close();
    signal.addEventListener("abort", abort);
    try {
      while (!signal.aborted) {
        const left = until - performance.now();
        if (left <= 0 || await this.#isQuiet(left)) return false;
        const response = await this.#response(within(this.#settings.commandTimeoutMs, "A response"));
        if (response.kind === "status") this.#checkBye(response);
        if (isNews(response)) return true;
      }
      return false;
    } finally {
      signal.removeEventListener("abort", abort);
    }
  }

  /** Whether nothing comes for so long. The read goes on then, and has the answer to what is said next. */
  async #isQuiet(ms: number): Promise<boolean> {
    const late = Promise.withResolvers<"late">();
    const timer = setTimeout(() => late.resolve("late"), ms);
    try {
      const heard = await Promise.race([
        this.#reader.wait(ms + this.#settings.commandTimeoutMs),
        late.promise,
      ]);
      if (heard === false) throw trouble("The other side closed the connection");
      return heard === "late";
    } finally {
      clearTimeout(timer);
    }
  }

  async #send(text: string): Promise<string> {
    const tag = `m${++this.#tag}`;
    await this.conn.write(encodeLatin1(`${tag} ${text}\r\n`));
    return tag;
  }

  async #untilTagged(tag: string, patience: Patience, options: CommandOptions): Promise<StatusResponse> {
    const limit = options.responses ?? MAX_EXTRA_RESPONSES;
    for (let count = 0; count <= limit; count++) {
      const response = await this.#response(patience);
      if (response.kind === "continue") {
        if (options.onContinue === undefined) throw trouble("It waits for what it was not promised");
        await this.conn.write(encodeLatin1(`${options.onContinue(response.text)}\r\n`));
      } else if (response.kind === "data") options.onData?.(response);
      else if (response.tag === null) {
        this.#checkBye(response);
        options.onStatus?.(response);
      } else {
        this.#checkTag(response, tag);
        return response;
      }
    }
    throw trouble(`It sends more than ${limit} responses to one command; see retrieval.messages`);
  }

  #checkTag(response: StatusResponse, tag: string): void {
    if (response.tag !== tag) throw trouble(`It answers ${response.tag}, which was not asked`);
  }

  #checkBye(response: StatusResponse): void {
    if (response.status === "BYE") throw trouble(`It says goodbye: ${response.text}`);
    if (response.status === "PREAUTH") throw trouble("It greets twice");
  }

  async #response(patience: Patience): Promise<ServerResponse> {
    const parts: ResponsePart[] = [];
    for (;;) {
      const line = await this.#line(patience);
      const length = literalLength(line);
      if (length === null) {
        parts.push({ text: line, literal: null });
        return parseServerResponse(parts);
      }
      parts.push({ text: beforeLiteral(line), literal: await this.#smallLiteral(length, patience) });
      if (parts.length > MAX_PARTS) throw trouble("It sends a response without end");
    }
  }

  async #line(patience: Patience): Promise<string> {
    const line = await this.#reader.line(this.#settings.lineSize, patience);
    if (line === null) throw trouble("The other side closed the connection");
    return decodeLatin1(line).replace(/\r?\n$/, "");
  }

  async #smallLiteral(length: number, patience: Patience): Promise<Uint8Array> {
    const { lineSize } = this.#settings;
    if (length > lineSize) throw trouble(`It sends ${length} bytes where at most ${lineSize} are taken`);
    const parts: Uint8Array[] = [];
    for await (const chunk of this.#bytes(length, patience)) parts.push(chunk);
    return concatBytes(parts);
  }

  async *#bytes(length: number, patience: Patience): AsyncGenerator<Uint8Array> {
    for (let left = length; left > 0;) {
      const chunk = await this.#reader.some(Math.min(left, CHUNK), patience);
      if (chunk === null) throw trouble("The connection was lost in the middle of a message");
      left -= chunk.length;
      // The store takes the bytes over, and the reader still has the rest of this buffer.
      yield chunk.slice();
    }
  }
}

function isNews(response: ServerResponse): boolean {
  return response.kind === "data" && (response.name === "EXISTS" || response.name === "RECENT");
}
