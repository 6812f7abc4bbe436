import { ConnectionLostError, ProtocolError } from "../../core/errors.ts";
import {
  bye,
  type CodeName,
  Decoder,
  literalAtEnd,
  type LiteralHeader,
  no,
  type Segment,
} from "../../wire/managesieve/mod.ts";
import type { Command } from "./command.ts";
import type { ManageSieveSession } from "./context.ts";
import { Rejection, SessionOver } from "./errors.ts";

/** A command as it was read. `problem` is why it cannot be done; then its literals were thrown away. */
export interface IncomingCommand {
  /** In capitals; null when there is none. */
  readonly name: string | null;
  readonly command: Command | null;
  /** What stands behind the name. */
  readonly args: Decoder;
  readonly problem: ProtocolError | Rejection | null;
}

/**
 * Reads one command: lines, each with the literal that it announces (RFC 5804 section 4); null at the end of the stream.
 * Everything has a limit, and since literals come unasked, what is refused is still read to its end: so that no byte of
 * a script is ever taken for a command.
 */
export async function readCommand(
  session: ManageSieveSession,
  find: (name: string) => Command | null,
): Promise<IncomingCommand | null> {
  const reading = new Reading(session);
  const state: { name: string | null; command: Command | null } = { name: null, command: null };
  const segments = await reading.run((text) => {
    const decoder = new Decoder([{ text, literal: null }]);
    state.name = decoder.expectName();
    state.command = find(state.name);
    if (state.command === null) throw new ProtocolError("There is no such command");
    if (!state.command.states.includes(session.state)) {
      throw new ProtocolError(session.isLoggedIn ? "You are logged in already" : "Log in first");
    }
    return state.command.takesScript ? session.language.scriptBytes : 0;
  });
  if (segments === null) return null;
  const args = new Decoder(segments);
  if (reading.problem === null) args.expectName();
  return { ...state, args, problem: reading.problem };
}

/** Reads the answer to a challenge: one string on a line of its own. */
export async function readResponse(session: ManageSieveSession): Promise<Decoder> {
  const reading = new Reading(session);
  const segments = await reading.run(() => 0);
  if (segments === null) throw new ConnectionLostError("The connection ended during AUTHENTICATE");
  if (reading.problem !== null) throw reading.problem;
  return new Decoder(segments);
}

class Reading {
  readonly #session: ManageSieveSession;
  readonly #segments: Segment[] = [];
  #lineBytesLeft: number;
  #literalBytesLeft: number;
  /** Room for a script that was given besides. */
  #scriptBytes = 0;
  problem: ProtocolError | Rejection | null = null;

  constructor(session: ManageSieveSession) {
    this.#session = session;
    this.#lineBytesLeft = session.limits.lineBytes;
    this.#literalBytesLeft = session.limits.literalBytes;
  }

  /** `begin` looks at the first line, says how large a script may be in it, and throws when nothing of it is wanted. */
  async run(begin: (text: Uint8Array) => number): Promise<Segment[] | null> {
    for (;;) {
      const line = await this.#session.input.line(this.#lineBytesLeft);
      if (line === null) return null;
      this.#lineBytesLeft -= line.length;
      const literal = literalAtEnd(line);
      const text = literal === null ? line : line.subarray(0, literal.textLength);
      if (this.#segments.length === 0) this.#begin(text, begin);
      const bytes = literal === null ? null : await this.#takeLiteral(literal.header);
      this.#segments.push({ text, literal: bytes });
      if (literal === null) return this.#segments;
    }
  }

  #begin(text: Uint8Array, begin: (text: Uint8Array) => number): void {
    try {
      this.#scriptBytes = begin(text);
      this.#literalBytesLeft += this.#scriptBytes;
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error;
      this.problem = error;
    }
  }

  /** The bytes, or null when they were thrown away. */
  async #takeLiteral({ size, isAllowed }: LiteralHeader): Promise<Uint8Array | null> {
    if (!isAllowed) {
      // Whether its bytes come is anybody's guess: it must not be ours that they are commands.
      throw new SessionOver(bye("A client's literal is announced as {n+}, with the plus sign"));
    }
    const { input } = this.#session;
    if (this.problem === null && size <= this.#literalBytesLeft) {
      this.#literalBytesLeft -= size;
      return await input.bytes(size);
    }
    const { text, options } = this.#refusal();
    if (size > this.#drainable) throw new SessionOver(bye(text, options));
    this.problem ??= new Rejection(no(text, options));
    await input.drain(size);
    return null;
  }

  #refusal(): { readonly text: string; readonly options: { readonly code?: CodeName } } {
    if (this.problem !== null) return { text: this.problem.message, options: {} };
    if (this.#scriptBytes === 0) return { text: "The literal is too large", options: {} };
    return { text: `A script may have ${this.#scriptBytes} bytes`, options: { code: "QUOTA/MAXSIZE" } };
  }

  get #drainable(): number {
    const { isLoggedIn, limits } = this.#session;
    return isLoggedIn ? limits.drainedBytes : limits.drainedBytesBeforeLogin;
  }
}
