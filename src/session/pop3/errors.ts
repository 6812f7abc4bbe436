import { ConnectionLostError, ProtocolError, Refusal, TimeoutError } from "../../core/errors.ts";
import { LineTooLongError } from "../../core/line_reader.ts";
import { err, type Pop3Reply } from "../../wire/pop3/mod.ts";

/** The three kinds of error, and the end of the connection. */
export type Fault =
  | { readonly kind: "syntax" | "ours"; readonly reply: Pop3Reply }
  | { readonly kind: "situation"; readonly reply: Pop3Reply; readonly reason: string | null }
  | { readonly kind: "over" };

/** What an error means on the wire; the only place that says so. */
export function faultOf(error: unknown): Fault {
  if (error instanceof ProtocolError) return { kind: "syntax", reply: err(error.message) };
  if (error instanceof LineTooLongError) return { kind: "syntax", reply: err("The line is too long") };
  if (error instanceof Refusal) {
    const { reply, reason } = error;
    // RFC 3206 section 3: [SYS/TEMP] says that it is worth another try.
    return {
      kind: "situation",
      reply: err(reply.lines.join(" "), reply.isTemporary ? "SYS/TEMP" : null),
      reason,
    };
  }
  if (error instanceof ConnectionLostError || error instanceof TimeoutError) return { kind: "over" };
  return { kind: "ours", reply: err("Something went wrong here, try again later", "SYS/TEMP") };
}

/** An error for the log, in full. */
export function describeError(error: unknown): string {
  return error instanceof Error ? error.stack ?? error.message : String(error);
}
