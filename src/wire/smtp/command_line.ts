import { CR, LF, tryDecodeUtf8 } from "../../core/bytes.ts";
import { ProtocolError } from "../../core/errors.ts";

/** One command as it stood on its line (RFC 5321 section 4.1.1). */
export interface CommandLine {
  /** In capitals. */
  readonly verb: string;
  /** What follows the verb, without white space around it. */
  readonly argument: string;
}

/**
 * A line that ends in LF without CR. Another program may have read past it (SMTP smuggling), so that what follows
 * cannot be trusted to be a command; the session must end.
 */
export class BareLineFeedError extends ProtocolError {}

/** Takes CR LF off a line and decodes it. Only CR LF ends a line (RFC 5321 section 2.3.8). */
export function decodeLine(line: Uint8Array): string {
  if (line.at(-1) !== LF || line.at(-2) !== CR) {
    throw new BareLineFeedError("A line must end in CR LF, not in LF alone");
  }
  const text = tryDecodeUtf8(line.subarray(0, -2));
  if (text === null) throw new ProtocolError("The line is not UTF-8");
  // A CR here is one that no LF follows.
  if (/[\x00-\x1f\x7f]/.test(text)) throw new ProtocolError("The line holds a control character");
  return text;
}

/** Splits a line into verb and argument; whether they mean anything is for the command table. */
export function parseCommandLine(line: Uint8Array): CommandLine {
  const text = decodeLine(line);
  const space = text.indexOf(" ");
  const verb = space < 0 ? text : text.slice(0, space);
  if (!/^[A-Za-z][A-Za-z0-9-]{0,31}$/.test(verb)) throw new ProtocolError("The line begins with no command");
  return { verb: verb.toUpperCase(), argument: space < 0 ? "" : text.slice(space + 1).trim() };
}
