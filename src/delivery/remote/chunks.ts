import { concatBytes } from "../../core/bytes.ts";
import type { Reply } from "../../core/reply.ts";
import { commandLine, withCrlf } from "../../wire/smtp/mod.ts";
import { isDone } from "./failure.ts";
import type { Peer } from "./peer.ts";
import type { RemoteTimeouts } from "./settings.ts";

const CHUNK_BYTES = 256 * 1024;
/** How many chunks may be on their way without an answer, where the host offers PIPELINING (RFC 3030 section 4.2). */
const IN_FLIGHT = 8;

export interface SendChunksOptions {
  /** BODY=BINARYMIME: the bytes as they are. Otherwise every line ends with CR LF. */
  readonly isBinary: boolean;
  readonly timeouts: RemoteTimeouts;
  /** Called before the last chunk goes out: from then on the host may have the message. */
  readonly onLast: () => void;
}

export interface ChunksSent {
  /** To the last chunk, or the first refusal. */
  readonly reply: Reply;
  /** The last chunk was sent, so the reply is about the whole message. */
  readonly isComplete: boolean;
}

/** Sends a message by BDAT (RFC 3030 section 2); after a refusal nothing more is sent, and no message has come about. */
export async function sendChunks(
  peer: Peer,
  content: AsyncIterable<Uint8Array>,
  { isBinary, timeouts, onLast }: SendChunksOptions,
): Promise<ChunksSent> {
  const most = peer.offers("PIPELINING") ? IN_FLIGHT : 1;
  let inFlight = 0;
  let refusal: Reply | null = null;

  async function takeReplies(until: number): Promise<void> {
    for (; inFlight > until; inFlight--) {
      const answer = await peer.reply(timeouts.block);
      if (!isDone(answer)) refusal ??= answer;
    }
  }

  async function send(chunk: Uint8Array, last: boolean): Promise<void> {
    const line = commandLine("BDAT", `${chunk.length}${last ? " LAST" : ""}`);
    await peer.conn.write(concatBytes([line, chunk]));
  }

  let held: Uint8Array | null = null;
  for await (const chunk of inChunks(isBinary ? content : withCrlf(content))) {
    if (held !== null) {
      await send(held, false);
      inFlight++;
      await takeReplies(most - 1);
      if (refusal !== null) break;
    }
    held = chunk;
  }
  // A refusal of what went before must be known first: with LAST the host might take a part for the whole.
  await takeReplies(0);
  if (refusal !== null) return { reply: refusal, isComplete: false };
  onLast();
  await send(held ?? new Uint8Array(0), true);
  return { reply: await peer.reply(timeouts.final), isComplete: true };
}

/** Puts pieces together until they are worth a command. */
async function* inChunks(pieces: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  let waiting: Uint8Array[] = [];
  let size = 0;
  for await (const piece of pieces) {
    waiting.push(piece);
    size += piece.length;
    if (size < CHUNK_BYTES) continue;
    yield concatBytes(waiting);
    waiting = [];
    size = 0;
  }
  if (size > 0) yield concatBytes(waiting);
}
