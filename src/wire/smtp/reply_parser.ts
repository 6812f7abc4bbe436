import { decodeUtf8, LF } from "../../core/bytes.ts";
import { ConnectionLostError, ProtocolError } from "../../core/errors.ts";
import { type LineReader, LineTooLongError, type Patience } from "../../core/line_reader.ts";
import { type EnhancedCode, Reply } from "../../core/reply.ts";

export interface ReplyLimits {
  /** Lines of one reply. */
  readonly lines: number;
  /** Octets of one line; RFC 5321 section 4.5.3.1.5 says 512, some servers say more. */
  readonly lineLength: number;
}

export const defaultReplyLimits: ReplyLimits = { lines: 200, lineLength: 4096 };

/**
 * Puts together what a server says, line by line (RFC 5321 section 4.2.1). Throws `ProtocolError` for what is no reply, for
 * a code that changes between lines, and for a reply that does not end; the connection is of no use after that.
 */
export class ReplyParser {
  readonly #maxLines: number;
  #code: string | null = null;
  #texts: string[] = [];

  constructor(limits: Partial<ReplyLimits> = {}) {
    this.#maxLines = limits.lines ?? defaultReplyLimits.lines;
  }

  /** Takes one line; returns the reply when it was the last one of it. */
  push(line: Uint8Array): Reply | null {
    const text = decodeUtf8(line.at(-1) === LF ? line.subarray(0, -1) : line).replace(/\r$/, "");
    const code = text.slice(0, 3);
    const separator = text.slice(3, 4);
    if (!/^[2-5][0-9][0-9]$/.test(code) || !["", " ", "-"].includes(separator)) {
      throw new ProtocolError(`Not an SMTP reply: ${printable(text)}`);
    }
    if (this.#code !== null && this.#code !== code) {
      throw new ProtocolError(`The reply code changed from ${this.#code} to ${code} within one reply`);
    }
    if (this.#texts.length >= this.#maxLines) {
      throw new ProtocolError(`The reply has more than ${this.#maxLines} lines`);
    }
    this.#code = code;
    this.#texts.push(text.slice(4));
    if (separator === "-") return null;
    const reply = buildReply(Number(code), this.#texts);
    this.#code = null;
    this.#texts = [];
    return reply;
  }
}

/** Reads one reply. Each read may take `timeoutMs`; as a function it can count the time of the whole reply. */
export async function readReply(
  reader: LineReader,
  options: { readonly timeoutMs: Patience; readonly limits?: Partial<ReplyLimits> },
): Promise<Reply> {
  const parser = new ReplyParser(options.limits);
  const lineLength = options.limits?.lineLength ?? defaultReplyLimits.lineLength;
  for (;;) {
    const line = await readLine(reader, { lineLength, timeoutMs: options.timeoutMs });
    const reply = parser.push(line);
    if (reply !== null) return reply;
  }
}

async function readLine(
  reader: LineReader,
  { lineLength, timeoutMs }: { readonly lineLength: number; readonly timeoutMs: Patience },
): Promise<Uint8Array> {
  try {
    const line = await reader.line(lineLength, timeoutMs);
    if (line === null) throw new ConnectionLostError("The server closed the connection instead of replying");
    return line;
  } catch (error) {
    if (error instanceof LineTooLongError) throw new ProtocolError("A line of the reply is too long");
    throw error;
  }
}

/** Takes the enhanced code out of the text, when its class agrees with the reply code (RFC 2034 section 4). */
function buildReply(code: number, texts: readonly string[]): Reply {
  const found = /^([245]\.[0-9]{1,3}\.[0-9]{1,3})(?: |$)/.exec(texts[0]!)?.[1];
  if (found === undefined || Number(found[0]) !== Math.floor(code / 100)) {
    return new Reply(code, null, texts.map(printable));
  }
  const lines = texts.map((text) => text.startsWith(found) ? text.slice(found.length).trimStart() : text);
  return new Reply(code, found as EnhancedCode, lines.map(printable));
}

/** Other people's text goes into logs and reports: no control characters, and not without end. */
function printable(text: string): string {
  return text.slice(0, 1000).replace(/[\x00-\x1f\x7f]/g, "?");
}
