import { ConnectionLostError, Refusal, TimeoutError } from "../../core/errors.ts";
import { type Reply, reply } from "../../core/reply.ts";
import { BareLineFeedError } from "../../wire/smtp/mod.ts";

/** The server stops while a session waits for its client. */
export class ShutdownError extends Error {
  override readonly name = "ShutdownError";
}

/** How a session ends that did not end by a command. */
export interface Farewell {
  /** What is still said to the client; null when nobody listens. */
  readonly last: Reply | null;
  /** A word for the log. */
  readonly reason: string;
}

/** RFC 5321 section 3.8: 421 says why the server closes; null for an error that nobody foresaw. */
export function farewellFor(error: unknown): Farewell | null {
  if (error instanceof ShutdownError) {
    return { last: reply(421, "4.3.2", "The server is shutting down"), reason: "shutdown" };
  }
  if (error instanceof TimeoutError) {
    return { last: reply(421, "4.4.2", "Timeout, closing the connection"), reason: "timeout" };
  }
  if (error instanceof BareLineFeedError) {
    return { last: reply(500, "5.5.2", error.message), reason: "bare-line-feed" };
  }
  // The only refusal that gets here is that of a message that went on far beyond its limit.
  if (error instanceof Refusal) return { last: error.reply, reason: "endless-message" };
  if (error instanceof ConnectionLostError) return { last: null, reason: "connection-lost" };
  return null;
}
