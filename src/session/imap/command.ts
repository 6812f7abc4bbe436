import type { Decoder, StatusResponse } from "../../wire/imap/mod.ts";
import type { ImapSession, ImapState } from "./context.ts";
import type { StreamedLiteral } from "./streamed_literal.ts";

/** What a command ends with; the loop writes it under the command's tag. */
export type Answer = StatusResponse & {
  /** What the loop does after it has sent the answer. */
  readonly next?: "close" | "compress" | "start-tls";
  /** What may be told before it, where that depends on the arguments. */
  readonly updates?: Updates;
};

/**
 * What may be told of other sessions' doings before the command's answer: everything, or everything but EXPUNGE, which
 * would shift sequence numbers under the client's feet (RFC 3501 section 7.4.1).
 */
export type Updates = "all" | "no-expunge";

/** What a handler gets besides its arguments. */
export interface Call {
  readonly tag: string;
  /** The literal that stands at the end of the command and was not read yet; only for a command that `streams`. */
  readonly streamed: StreamedLiteral | null;
}

export interface CommandOptions<A> {
  readonly states: readonly ImapState[];
  readonly updates?: Updates;
  /**
   * Whether the literal that ends what has come of the command so far shall be left to the handler. A command without
   * this gets small literals only, and all of them read.
   */
  readonly streams?: (args: Decoder) => boolean;
  /** Reads all arguments. Throws `ProtocolError`. */
  readonly decode: (args: Decoder) => A;
  /** Checks and does; untagged answers go to `session.out`. Throws what `errors.ts` maps. */
  readonly handle: (session: ImapSession, args: A, call: Call) => Promise<Answer> | Answer;
}

/** A row of the command table. */
export interface Command {
  readonly states: readonly ImapState[];
  readonly updates: Updates;
  readonly streams: ((args: Decoder) => boolean) | null;
  /** Decodes everything before anything is done. */
  prepare(args: Decoder): (session: ImapSession, call: Call) => Promise<Answer>;
}

export function command<A>(options: CommandOptions<A>): Command {
  return {
    states: options.states,
    updates: options.updates ?? "all",
    streams: options.streams ?? null,
    prepare: (args) => {
      const decoded = options.decode(args);
      return async (session, call) => await options.handle(session, decoded, call);
    },
  };
}

export const ANY_STATE: readonly ImapState[] = ["not-authenticated", "authenticated", "selected"];
export const BEFORE_LOGIN: readonly ImapState[] = ["not-authenticated"];
export const AFTER_LOGIN: readonly ImapState[] = ["authenticated", "selected"];
export const SELECTED: readonly ImapState[] = ["selected"];

/** The arguments of a command that has none. */
export function noArguments(args: Decoder): void {
  args.expectEnd();
}
