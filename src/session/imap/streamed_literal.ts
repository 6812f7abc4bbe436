import { concatBytes } from "../../core/bytes.ts";
import { ConnectionLostError } from "../../core/errors.ts";
import { bye, type CommandLine, Decoder, literalAtEnd, type LiteralHeader } from "../../wire/imap/mod.ts";
import type { ImapSession } from "./context.ts";
import { SessionOver } from "./errors.ts";
import { usesUtf8 } from "./utf8.ts";

/** Throws the bytes of an unwanted literal away, or ends the session when they are too many to wait for. */
export async function drainLiteral(session: ImapSession, size: number): Promise<void> {
  const { limits, isLoggedIn } = session;
  if (size > (isLoggedIn ? limits.drainedBytes : limits.drainedBytesBeforeLogin)) {
    throw new SessionOver(bye("The literal is too large", { code: "TOOBIG" }));
  }
  await session.input.drain(size);
}

/**
 * Throws away what a line announces that is no command: what comes unasked belongs to the line, and must not be obeyed (RFC 7888
 * section 3).
 */
export async function discardLiteralOf(session: ImapSession, line: Uint8Array): Promise<void> {
  const literal = literalAtEnd(line);
  if (literal !== null) await new StreamedLiteral(session, literal.header).discard();
}

/**
 * The literals of a command that its handler reads itself, one after the other, as the messages of APPEND. Whatever the handler does
 * with them, the loop calls `discard` afterwards, so that nothing of the command is left in the stream.
 */
export class StreamedLiteral {
  readonly #session: ImapSession;
  /** The literal at hand; null once the command has been read to its end. */
  #header: LiteralHeader | null;
  #started = false;
  /** What of it is still to be read. */
  #left: number;

  constructor(session: ImapSession, header: LiteralHeader) {
    this.#session = session;
    this.#header = header;
    this.#left = header.size;
  }

  /** The one that is to be read next. */
  get header(): LiteralHeader | null {
    return this.#header;
  }

  /** Its bytes as they come; asks for them first if the client waits to be asked. */
  async *read(): AsyncGenerator<Uint8Array> {
    this.#started = true;
    if (this.#header?.synchronizing) await this.#session.out.continuation("Go on");
    for await (const chunk of this.#session.input.stream(this.#left)) {
      this.#left -= chunk.length;
      yield chunk;
    }
  }

  /** Its bytes in memory; the caller has looked at its size. */
  async bytes(): Promise<Uint8Array> {
    const parts: Uint8Array[] = [];
    for await (const chunk of this.read()) parts.push(chunk);
    return concatBytes(parts);
  }

  /** After the bytes: the line behind them, with the literal that it announces. */
  async nextLine(): Promise<CommandLine> {
    const text = await this.#nextText();
    const args = new Decoder([{ text, literal: null }], { utf8: usesUtf8(this.#session) });
    return { args, literal: this.#header };
  }

  /** Reads the command to its end and throws it away. A client that waits for a `+` sends no more of it. */
  async discard(): Promise<void> {
    while (this.#header !== null) {
      if (this.#header.synchronizing && !this.#started) break;
      await drainLiteral(this.#session, this.#left);
      await this.#nextText();
    }
    this.#header = null;
  }

  async #nextText(): Promise<Uint8Array> {
    const { input, limits, isLoggedIn } = this.#session;
    const line = await input.line(isLoggedIn ? limits.lineBytes : limits.lineBytesBeforeLogin);
    if (line === null) throw new ConnectionLostError("The connection ended in the middle of a command");
    const literal = literalAtEnd(line);
    this.#header = literal?.header ?? null;
    this.#started = false;
    this.#left = literal?.header.size ?? 0;
    return literal === null ? line : line.subarray(0, literal.textLength);
  }
}
