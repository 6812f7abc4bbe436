import { ProtocolError } from "../../core/errors.ts";
import { bad, Decoder, literalAtEnd, type LiteralHeader, type Segment } from "../../wire/imap/mod.ts";
import type { Command } from "./command.ts";
import type { ImapSession, ImapState } from "./context.ts";
import { Rejection } from "./errors.ts";
import { usesUtf8 } from "./utf8.ts";
import { drainLiteral, StreamedLiteral } from "./streamed_literal.ts";

/** A command as it was read. `problem` is why it cannot be done; then its literals were thrown away. */
export interface IncomingCommand {
  /** Null when not even the tag could be read. */
  readonly tag: string | null;
  /** In capitals, `UID FETCH` being one name; null when there is none. */
  readonly name: string | null;
  readonly command: Command | null;
  /** What stands behind the name. */
  readonly args: Decoder;
  readonly streamed: StreamedLiteral | null;
  readonly problem: ProtocolError | Rejection | null;
}

function wrongState(command: Command, state: ImapState): ProtocolError {
  if (state === "not-authenticated") return new ProtocolError("Log in first");
  const needsMailbox = command.states.includes("selected");
  return new ProtocolError(needsMailbox ? "Select a mailbox first" : "You are logged in already");
}

/**
 * Reads one command: lines, each with the literal that it announces (RFC 3501 sections 4.3 and 7.5). Everything has a limit,
 * and whatever is refused is still read to its end where the client sends it unasked (RFC 7888): so that no byte of
 * a literal is ever taken for a command.
 */
export async function readCommand(
  session: ImapSession,
  find: (name: string) => Command | null,
): Promise<IncomingCommand | null> {
  const reading = new Reading(session, find);
  return await reading.run();
}

class Reading {
  readonly #session: ImapSession;
  readonly #find: (name: string) => Command | null;
  readonly #segments: Segment[] = [];
  readonly #utf8: boolean;
  #lineBytesLeft: number;
  #literalBytesLeft: number;
  #tag: string | null = null;
  #name: string | null = null;
  #command: Command | null = null;
  #problem: ProtocolError | Rejection | null = null;

  constructor(session: ImapSession, find: (name: string) => Command | null) {
    this.#session = session;
    this.#find = find;
    const { limits, isLoggedIn } = session;
    // Both directions change between two commands: the answer to ENABLE itself is the last of the old kind.
    this.#utf8 = session.out.encoder.utf8 = usesUtf8(session);
    this.#lineBytesLeft = isLoggedIn ? limits.lineBytes : limits.lineBytesBeforeLogin;
    this.#literalBytesLeft = isLoggedIn ? limits.literalBytes : limits.literalBytesBeforeLogin;
  }

  async run(): Promise<IncomingCommand | null> {
    for (;;) {
      const line = await this.#session.input.line(this.#lineBytesLeft);
      if (line === null) return null;
      this.#lineBytesLeft -= line.length;
      const literal = literalAtEnd(line);
      const text = literal === null ? line : line.subarray(0, literal.textLength);
      if (this.#segments.length === 0) this.#begin(text);
      this.#segments.push({ text, literal: null });
      if (literal === null) return this.#result(null);
      if (this.#leavesToHandler()) return this.#result(new StreamedLiteral(this.#session, literal.header));
      if (!await this.#takeLiteral(literal.header)) return this.#result(null);
    }
  }

  /** Reads tag and name, so that even a command with a mistake gets an answer under its own tag. */
  #begin(text: Uint8Array): void {
    try {
      const decoder = new Decoder([{ text, literal: null }]);
      const tag = decoder.expectTag();
      this.#tag = tag;
      decoder.expectSpace();
      this.#name = decodeName(decoder);
      this.#command = this.#find(this.#name);
      if (this.#command === null) throw new ProtocolError("Unknown command");
      const { state } = this.#session;
      if (!this.#command.states.includes(state)) throw wrongState(this.#command, state);
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error;
      this.#problem = error;
    }
  }

  #leavesToHandler(): boolean {
    return this.#problem === null && this.#command?.streams?.(this.#args()) === true;
  }

  /** False when the command ends here, because the client waits for a `+` that it will not get. */
  async #takeLiteral({ size, synchronizing, binary }: LiteralHeader): Promise<boolean> {
    if (this.#problem === null && binary && !this.#session.isLoggedIn) {
      // Nothing that could be said before log-in may hold one.
      this.#problem = new ProtocolError("Log in before you send a literal8");
    }
    if (this.#problem === null && size > this.#literalBytesLeft) {
      this.#problem = new Rejection(
        bad(`The literal is larger than ${this.#literalBytesLeft} bytes`, { code: "TOOBIG" }),
      );
    }
    const { input, out } = this.#session;
    if (this.#problem === null) {
      if (synchronizing) await out.continuation("Go on");
      const bytes = await input.bytes(size);
      this.#literalBytesLeft -= size;
      this.#segments[this.#segments.length - 1] = {
        text: this.#segments.at(-1)!.text,
        literal: bytes,
        binary,
      };
      return true;
    }
    if (synchronizing) return false;
    await drainLiteral(this.#session, size);
    return true;
  }

  #result(streamed: StreamedLiteral | null): IncomingCommand {
    return {
      tag: this.#tag,
      name: this.#name,
      command: this.#command,
      args: this.#args(),
      streamed,
      problem: this.#problem,
    };
  }

  /** What was read so far, from behind the name. */
  #args(): Decoder {
    const decoder = new Decoder(this.#segments, { utf8: this.#utf8 });
    if (this.#problem === null) {
      decoder.expectTag();
      decoder.expectSpace();
      decodeName(decoder);
    }
    return decoder;
  }
}

function decodeName(decoder: Decoder): string {
  const name = decoder.expectKeyword("a command");
  if (name !== "UID") return name;
  decoder.expectSpace();
  return `UID ${decoder.expectKeyword("a command")}`;
}
