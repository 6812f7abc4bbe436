import type { Decoder, Response } from "../../wire/managesieve/mod.ts";
import type { ManageSieveSession, ManageSieveState } from "./context.ts";

/** What a command ends with; the loop sends it. */
export interface Answer {
  /** What stands before the response: lines, a script. */
  readonly data?: readonly Uint8Array[];
  readonly response: Response;
  /** What the loop does after it has sent the answer. A BYE ends the session in any case. */
  readonly next?: "close" | "start-tls";
}

export interface CommandOptions<A> {
  readonly states: readonly ManageSieveState[];
  /** Whether a script may stand among its arguments; the literals of others are short. */
  readonly takesScript?: boolean;
  /** Reads all arguments. Throws `ProtocolError`. */
  readonly decode: (args: Decoder) => A;
  /** Checks and does. Throws what `errors.ts` maps. */
  readonly handle: (session: ManageSieveSession, args: A) => Promise<Answer> | Answer;
}

/** A row of the command table. */
export interface Command {
  readonly states: readonly ManageSieveState[];
  readonly takesScript: boolean;
  /** Decodes everything before anything is done. */
  prepare(args: Decoder): (session: ManageSieveSession) => Promise<Answer>;
}

export function command<A>(options: CommandOptions<A>): Command {
  return {
    states: options.states,
    takesScript: options.takesScript ?? false,
    prepare: (args) => {
      const decoded = options.decode(args);
      return async (session) => await options.handle(session, decoded);
    },
  };
}

/** RFC 5804 section 4: `command-any`, `command-nonauth` and `command-auth`. */
export const ANY_STATE: readonly ManageSieveState[] = ["not-authenticated", "authenticated"];
export const BEFORE_LOGIN: readonly ManageSieveState[] = ["not-authenticated"];
export const AFTER_LOGIN: readonly ManageSieveState[] = ["authenticated"];

/** The arguments of a command that has none. */
export function noArguments(args: Decoder): void {
  args.expectEnd();
}
