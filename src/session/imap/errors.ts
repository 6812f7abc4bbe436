import { ConnectionLostError, ProtocolError, Refusal, TimeoutError } from "../../core/errors.ts";
import { LineTooLongError } from "../../core/line_reader.ts";
import { MailboxExists, NoSuchMailbox, NoSuchMessage } from "../../store/errors.ts";
import { bad, bye, type CodeName, no, type StatusResponse } from "../../wire/imap/mod.ts";

/** A command is answered with this NO or BAD; nothing is wrong with the session. */
export class Rejection extends Error {
  override readonly name = "Rejection";
  readonly response: StatusResponse;

  constructor(response: StatusResponse) {
    super(response.text);
    this.response = response;
  }
}

/** The session cannot go on: BYE is said, where that is still possible, and the connection is closed. */
export class SessionOver extends Error {
  override readonly name = "SessionOver";
  /** Null when the stream is in the middle of something, so that nothing can be said any more. */
  readonly farewell: StatusResponse | null;

  constructor(farewell: StatusResponse | null, options: { readonly cause?: unknown } = {}) {
    super(farewell?.text ?? "The stream is broken off", options);
    this.farewell = farewell;
  }
}

/** What an error is to the session: an answer to the command, or the end. `isOurs` goes to the log in full. */
export type Fault =
  | { readonly kind: "answer"; readonly response: StatusResponse; readonly isOurs: boolean }
  | { readonly kind: "over"; readonly farewell: StatusResponse | null; readonly isOurs: boolean };

/** The one place where errors become IMAP (core/errors.ts says which kinds there are). */
export function faultOf(error: unknown): Fault {
  if (error instanceof Rejection) return answer(error.response);
  if (error instanceof ProtocolError) return answer(bad(error.message));
  if (error instanceof Refusal) return answer(refused(error));
  if (error instanceof SessionOver) {
    return { kind: "over", farewell: error.farewell, isOurs: error.cause !== undefined };
  }
  if (error instanceof TimeoutError) {
    return { kind: "over", farewell: bye("Nothing came for too long"), isOurs: false };
  }
  if (error instanceof LineTooLongError) {
    // What followed the line (a literal, perhaps) is unknown, and must not be read as commands.
    return { kind: "over", farewell: bye("The command line is too long", { code: "TOOBIG" }), isOurs: false };
  }
  if (error instanceof ConnectionLostError) return { kind: "over", farewell: null, isOurs: false };
  const response = no("Something went wrong here, and was noted", { code: "SERVERBUG" });
  return { kind: "answer", response, isOurs: true };
}

function answer(response: StatusResponse): Fault {
  return { kind: "answer", response, isOurs: false };
}

function refused(refusal: Refusal): StatusResponse {
  return no(refusal.reply.lines.join(" "), { code: codeOf(refusal) });
}

/** RFC 5530 section 3. */
function codeOf(refusal: Refusal): CodeName {
  if (refusal instanceof NoSuchMailbox || refusal instanceof NoSuchMessage) return "NONEXISTENT";
  if (refusal instanceof MailboxExists) return "ALREADYEXISTS";
  const { enhanced, isTemporary } = refusal.reply;
  const detail = enhanced?.slice(2) ?? "";
  if (detail === "2.2") return "OVERQUOTA";
  if (isTemporary) return "UNAVAILABLE";
  if (detail === "2.0" || detail === "3.4") return "LIMIT";
  if (detail.startsWith("7.")) return "NOPERM";
  return "CANNOT";
}

/** For the log. */
export function describeError(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const cause = error.cause === undefined ? "" : `\nCaused by: ${describeError(error.cause)}`;
  return `${error.stack ?? error.message}${cause}`;
}
