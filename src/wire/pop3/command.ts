import { CR, decodeLatin1, LF, tryDecodeUtf8 } from "../../core/bytes.ts";
import { ProtocolError } from "../../core/errors.ts";

export interface Pop3Command {
  /** In capitals. */
  readonly verb: string;
  /** What stands behind the verb and one space, to the end of the line: a password may hold spaces. */
  readonly rest: string;
}

/** Reads one command line (RFC 1939 section 3). A line that ends in LF alone is forgiven. */
export function parseCommand(line: Uint8Array): Pop3Command {
  const text = decodeLine(line);
  const space = text.indexOf(" ");
  const verb = space < 0 ? text : text.slice(0, space);
  if (!/^[A-Za-z]{3,11}[0-9]?$/.test(verb)) throw new ProtocolError("Not a command");
  return { verb: verb.toUpperCase(), rest: space < 0 ? "" : text.slice(space + 1) };
}

/** Reads a message number (RFC 1939 section 3: decimal, from 1). */
export function parseMessageNumber(text: string): number {
  const number = parseCount(text);
  if (number === 0) throw new ProtocolError("Message numbers begin at 1");
  return number;
}

/** Reads a number that is not negative, such as the count of lines for TOP. */
export function parseCount(text: string): number {
  if (!/^[0-9]{1,10}$/.test(text)) throw new ProtocolError("Need a decimal number");
  return Number(text);
}

function decodeLine(line: Uint8Array): string {
  let end = line.length;
  if (line[end - 1] === LF) end--;
  if (line[end - 1] === CR) end--;
  const bytes = line.subarray(0, end);
  if (bytes.some((byte) => byte < 0x20 || byte === 0x7f)) {
    throw new ProtocolError("A command must not hold control characters");
  }
  // User names and passwords are UTF-8 (RFC 6856 section 2.1); old clients send ISO 8859-1.
  return tryDecodeUtf8(bytes) ?? decodeLatin1(bytes);
}
