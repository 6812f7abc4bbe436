import type { Reply } from "../../core/reply.ts";
import type { IncomingMessage } from "./incoming_message.ts";

/**
 * What a command handler wants done. Most want a reply sent. The others need the connection, which only the loop
 * in session.ts has, so they say what to do with it and how to go on.
 */
export type Step = Reply | Replies | Ask | Receive | Chunk | Upgrade | Close;

/** Several replies to one command: one for each recipient, after the data of LMTP (RFC 2033 section 4.2). */
export interface Replies {
  readonly kind: "replies";
  readonly replies: readonly Reply[];
}

/** Send a challenge, read a line, go on with it (AUTH). */
export interface Ask {
  readonly kind: "ask";
  readonly prompt: Reply;
  readonly answer: (line: string) => Step | Promise<Step>;
}

/** Send 354 and take the message (DATA). What is left unread is read and dropped before the reply goes out. */
export interface Receive {
  readonly kind: "receive";
  readonly prompt: Reply;
  readonly take: (message: IncomingMessage) => Promise<Step>;
}

/**
 * Read so many octets that follow the command (BDAT), hand each block over, then go on. They are read whatever `take` does, so
 * that none is ever taken for a command.
 */
export interface Chunk {
  readonly kind: "chunk";
  readonly octets: number;
  readonly take: (block: Uint8Array) => Promise<void>;
  readonly finish: () => Step | Promise<Step>;
}

/** Send the reply, then hand the connection to TLS (STARTTLS). */
export interface Upgrade {
  readonly kind: "upgrade";
  readonly reply: Reply;
}

/** Send the reply, then close: QUIT, and 421 (RFC 5321 section 3.8). `reason` is a word for the log. */
export interface Close {
  readonly kind: "close";
  readonly reply: Reply;
  readonly reason: string;
}

export function hangUp(reply: Reply, reason: string): Close {
  return { kind: "close", reply, reason };
}
