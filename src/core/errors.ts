/**
 * There are three kinds of error only, and each is mapped to the wire in one place per protocol:
 * `ProtocolError` (the client's syntax: 500/501, BAD, -ERR), `Refusal` (the situation: 4xx/5xx, NO), and
 * anything else (our fault: logged in full, a generic temporary answer to the client).
 */
import { type EnhancedCode, Reply } from "./reply.ts";

/** The client's syntax is wrong. `message` is shown to the client. */
export class ProtocolError extends Error {
  override readonly name = "ProtocolError";
}

/** We understood, and cannot or will not. The reply is public, the reason is for the log. */
export class Refusal extends Error {
  override readonly name: string = "Refusal";
  readonly reply: Reply;
  readonly reason: string | null;

  constructor(reply: Reply, reason: string | null = null) {
    super(reply.toString());
    this.reply = reply;
    this.reason = reason;
  }

  static of(code: number, enhanced: EnhancedCode, text: string, reason: string | null = null): Refusal {
    return new Refusal(new Reply(code, enhanced, text), reason);
  }
}

/** The other side said nothing, or took nothing, for too long. */
export class TimeoutError extends Error {
  override readonly name = "TimeoutError";
}

/** The connection ended where it should not have. */
export class ConnectionLostError extends Error {
  override readonly name = "ConnectionLostError";
}

/** No usable DNS answer: time-out, SERVFAIL, a broken or forged packet, a CNAME loop. Always worth another try. */
export class DnsError extends Error {
  override readonly name = "DnsError";
}
