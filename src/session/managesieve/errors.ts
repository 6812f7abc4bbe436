import { ConnectionLostError, ProtocolError, Refusal, TimeoutError } from "../../core/errors.ts";
import { LineTooLongError } from "../../core/line_reader.ts";
import { NoSuchScript, ScriptExists, ScriptIsActive } from "../../store/scripts.ts";
import { bye, type CodeName, no, type Response } from "../../wire/managesieve/mod.ts";

/** A command is answered with this NO; nothing is wrong with the session. */
export class Rejection extends Error {
  override readonly name = "Rejection";
  readonly response: Response;

  constructor(response: Response) {
    super(response.text);
    this.response = response;
  }
}

/** The session cannot go on: BYE is said, and the connection is closed. */
export class SessionOver extends Error {
  override readonly name = "SessionOver";
  readonly farewell: Response;

  constructor(farewell: Response) {
    super(farewell.text);
    this.farewell = farewell;
  }
}

/** What an error is to the session: an answer to the command, or the end. */
export type Fault =
  | { readonly kind: "syntax" | "situation" | "ours"; readonly response: Response }
  | { readonly kind: "over"; readonly farewell: Response | null };

/** The one place where errors become ManageSieve (core/errors.ts says which kinds there are). */
export function faultOf(error: unknown): Fault {
  if (error instanceof Rejection) return { kind: "situation", response: error.response };
  // The protocol has no BAD.
  if (error instanceof ProtocolError) return { kind: "syntax", response: no(error.message) };
  if (error instanceof Refusal) return { kind: "situation", response: refused(error) };
  if (error instanceof SessionOver) return { kind: "over", farewell: error.farewell };
  if (error instanceof TimeoutError) return { kind: "over", farewell: bye("Nothing came for too long") };
  if (error instanceof LineTooLongError) {
    // What followed the line (a script, perhaps) is unknown, and must not be read as commands.
    return { kind: "over", farewell: bye("The command line is too long") };
  }
  if (error instanceof ConnectionLostError) return { kind: "over", farewell: null };
  const response = no("Something went wrong here, and was noted: try again later", { code: "TRYLATER" });
  return { kind: "ours", response };
}

function refused(refusal: Refusal): Response {
  const code = codeOf(refusal);
  const text = refusal.reply.lines.join(" ");
  return code === null ? no(text) : no(text, { code });
}

/** RFC 5804 section 1.3. */
function codeOf(refusal: Refusal): CodeName | null {
  if (refusal instanceof NoSuchScript) return "NONEXISTENT";
  if (refusal instanceof ScriptExists) return "ALREADYEXISTS";
  if (refusal instanceof ScriptIsActive) return "ACTIVE";
  const { enhanced, isTemporary } = refusal.reply;
  if (isTemporary) return "TRYLATER";
  return enhanced === "5.2.0" || enhanced === "5.2.2" ? "QUOTA" : null;
}

/** For the log. */
export function describeError(error: unknown): string {
  return error instanceof Error ? error.stack ?? error.message : String(error);
}
