import { ConnectionLostError, ProtocolError } from "../../core/errors.ts";
import { bye, literalAtEnd, type LiteralHeader } from "../../wire/imap/mod.ts";
import type { ImapSession } from "./context.ts";
import { SessionOver } from "./errors.ts";

/** An announced literal that we do not want is read and thrown away up to this size, else the session ends. */
const MAX_DRAINED_BEFORE_LOGIN = 64 * 1024;
const MAX_DRAINED = 1024 * 1024 * 1024;

/** Throws the bytes of an unwanted literal away, or ends the session when they are too many to wait for. */
export async function drainLiteral(session: ImapSession, size: number): Promise<void> {
  if (size > (session.isLoggedIn ? MAX_DRAINED : MAX_DRAINED_BEFORE_LOGIN)) {
    throw new SessionOver(bye("The literal is too large", { code: "TOOBIG" }));
  }
  await session.input.drain(size);
}

/**
 * A literal that a handler reads itself, as the message of APPEND. Whatever the handler does with it, the loop calls `discard`
 * afterwards, so that nothing of the command is left in the stream.
 */
export class StreamedLiteral {
  readonly size: number;
  readonly #session: ImapSession;
  /** What is still to be read; null once the command has been read to its end. */
  #header: LiteralHeader | null;
  #started = false;
  #left: number;

  constructor(session: ImapSession, header: LiteralHeader) {
    this.#session = session;
    this.#header = header;
    this.size = header.size;
    this.#left = header.size;
  }

  /** The bytes as they come; asks for them first if the client waits to be asked. */
  async *read(): AsyncGenerator<Uint8Array> {
    this.#started = true;
    if (this.#header?.synchronizing) await this.#session.out.continuation("Go on");
    for await (const chunk of this.#session.input.stream(this.#left)) {
      this.#left -= chunk.length;
      yield chunk;
    }
  }

  /** After the bytes: the command must end here. */
  async expectEnd(): Promise<void> {
    if (await this.#nextLine() > 0 || this.#header !== null) {
      throw new ProtocolError("Expected the end of the command after the literal");
    }
  }

  /** Reads the command to its end and throws it away. A client that waits for a `+` sends no more of it. */
  async discard(): Promise<void> {
    while (this.#header !== null) {
      if (this.#header.synchronizing && !this.#started) break;
      await drainLiteral(this.#session, this.#left);
      await this.#nextLine();
    }
    this.#header = null;
  }

  /** Reads the line behind the literal, and what it announces. Returns the length of its text. */
  async #nextLine(): Promise<number> {
    const line = await this.#session.input.line(this.#session.limits.lineBytes);
    if (line === null) throw new ConnectionLostError("The connection ended in the middle of a command");
    const literal = literalAtEnd(line);
    this.#header = literal?.header ?? null;
    this.#started = false;
    this.#left = literal?.header.size ?? 0;
    return literal?.textLength ?? line.length;
  }
}
