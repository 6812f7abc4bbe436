/**
 * The client's half of POP3's grammar (RFC 1939, RFC 2449): commands to bytes, what a server says to values. Nothing that
 * a server sends is believed to be in form: what is not is a `ProtocolError`.
 */
import { decodeLatin1, encodeUtf8 } from "../../core/bytes.ts";
import { ProtocolError } from "../../core/errors.ts";

export interface Pop3Status {
  readonly kind: "ok" | "err" | "continue";
  /** A response code (RFC 2449 section 8) such as `SYS/TEMP`, in capitals; null when there is none. */
  readonly code: string | null;
  /** Printable, at most 300 characters: it may be shown. */
  readonly text: string;
}

/** What CAPA announces, as far as a client that fetches mail cares. */
export interface Pop3Capabilities {
  readonly stls: boolean;
  readonly pipelining: boolean;
  readonly user: boolean;
  /** A log-in that is refused for want of the right password is marked as such (RFC 3206 section 6). */
  readonly authRespCode: boolean;
  /** The mechanisms of AUTH, in capitals. */
  readonly sasl: readonly string[];
}

export const NO_POP3_CAPABILITIES: Pop3Capabilities = {
  stls: false,
  pipelining: false,
  user: false,
  authRespCode: false,
  sasl: [],
};

const LONGEST_TEXT = 300;
/** RFC 1939 section 7 says 70; some servers have longer ones. */
const UNIQUE_ID = /^[\x21-\x7e]{1,250}$/;

/** Throws `ProtocolError` for an argument that would end the line or begin another. */
export function pop3Command(...words: readonly string[]): Uint8Array {
  const line = words.join(" ");
  if (/[\x00-\x1f\x7f]/.test(line)) throw new ProtocolError("A control character cannot be sent to POP3");
  return encodeUtf8(`${line}\r\n`);
}

/** RFC 1939 section 3, and the continuation of RFC 5034 section 4. */
export function parsePop3Status(line: Uint8Array): Pop3Status {
  const text = pop3Text(line);
  const match = /^(\+OK|-ERR|\+)(?: |$)/i.exec(text);
  if (match === null) throw new ProtocolError(`It sent no POP3 reply: ${shown(text)}`);
  const rest = text.slice(match[0].length);
  const word = match[1]!.toUpperCase();
  if (word === "+") return { kind: "continue", code: null, text: rest };
  const code = /^\[([A-Za-z0-9/-]{1,40})\] ?/.exec(rest);
  return {
    kind: word === "+OK" ? "ok" : "err",
    code: code?.[1]?.toUpperCase() ?? null,
    text: shown(code === null ? rest : rest.slice(code[0].length)),
  };
}

/** A line without its end, one character a byte. */
export function pop3Text(line: Uint8Array): string {
  return decodeLatin1(line).replace(/\r?\n$/, "");
}

/** RFC 2449 section 6; unknown capabilities are passed over. */
export function parsePop3Capabilities(lines: readonly string[]): Pop3Capabilities {
  const tags = new Map(lines.map((line) => {
    const [tag = "", ...args] = line.toUpperCase().split(" ");
    return [tag, args] as const;
  }));
  return {
    stls: tags.has("STLS"),
    pipelining: tags.has("PIPELINING"),
    user: tags.has("USER"),
    authRespCode: tags.has("AUTH-RESP-CODE"),
    sasl: tags.get("SASL") ?? [],
  };
}

/** A line of UIDL: `1 whqtswO00WBw418f9t5JxYwZ`. */
export function parseUidLine(text: string): { readonly number: number; readonly uid: string } {
  const space = text.indexOf(" ");
  const uid = text.slice(space + 1).trimEnd();
  if (!UNIQUE_ID.test(uid)) throw new ProtocolError(`It sent no line of UIDL: ${shown(text)}`);
  return { number: numberIn(text.slice(0, space), text), uid };
}

/** A line of LIST: `1 120`; what follows the size is of no interest (RFC 1939 section 5). */
export function parseSizeLine(text: string): { readonly number: number; readonly size: number } {
  const [number = "", size = ""] = text.split(" ", 2);
  return { number: numberIn(number, text), size: numberIn(size, text) };
}

function numberIn(digits: string, line: string): number {
  if (!/^[0-9]{1,15}$/.test(digits)) throw new ProtocolError(`It sent no list of messages: ${shown(line)}`);
  return Number(digits);
}

function shown(text: string): string {
  return text.replace(/[^\x20-\x7e]/g, "?").slice(0, LONGEST_TEXT);
}
