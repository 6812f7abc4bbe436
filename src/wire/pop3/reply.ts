import { encodeUtf8 } from "../../core/bytes.ts";

/** Extended response codes (RFC 2449 section 8, RFC 3206). */
export type ResponseCode = "IN-USE" | "LOGIN-DELAY" | "SYS/TEMP" | "SYS/PERM" | "AUTH";

export interface Pop3Reply {
  readonly ok: boolean;
  readonly code: ResponseCode | null;
  readonly text: string;
}

export function ok(text = ""): Pop3Reply {
  return { ok: true, code: null, text };
}

export function err(text: string, code: ResponseCode | null = null): Pop3Reply {
  return { ok: false, code, text };
}

/** RFC 1939 section 3: a response is at most 512 characters long, CR LF included. */
const LONGEST_TEXT = 480;

export function encodeReply(reply: Pop3Reply): Uint8Array {
  const status = reply.ok ? "+OK" : "-ERR";
  const code = reply.code === null ? "" : ` [${reply.code}]`;
  // The text may quote what came from outside: a line break in it would be taken for a second response.
  const text = reply.text.slice(0, LONGEST_TEXT).replace(/[^\x20-\x7e]/g, "?");
  return encodeUtf8(`${status}${code}${text === "" ? "" : ` ${text}`}\r\n`);
}

/** A challenge of AUTH (RFC 5034 section 4), already in base64. */
export function encodeContinuation(challenge: string): Uint8Array {
  return encodeUtf8(`+ ${challenge}\r\n`);
}

/** A listing of a hundred thousand messages is not made in one piece. */
const PIECE = 32 * 1024;

/** The lines of a listing, dot-stuffed, with the final dot (RFC 1939 section 3), in pieces. */
export function* encodeLines(lines: Iterable<string>): Generator<Uint8Array> {
  let text = "";
  for (const line of lines) {
    text += line.startsWith(".") ? `.${line}\r\n` : `${line}\r\n`;
    if (text.length < PIECE) continue;
    yield encodeUtf8(text);
    text = "";
  }
  yield encodeUtf8(`${text}.\r\n`);
}
