import type { ImapSession } from "./context.ts";
import { DeflateStream } from "./deflate_stream.ts";

/** Whether COMPRESS is announced. How many may use it is limited, since each costs memory; no place at all switches it off. */
export function offersCompression({ deps, limits, compression }: ImapSession): boolean {
  return compression === null && deps.sessions !== undefined && limits.compressedSessions > 0;
}

/** Takes one of the places, and readies the stream; false when there is none. The loop begins with it behind the answer. */
export function takeCompression(session: ImapSession): boolean {
  const { deps: { sessions }, limits, conn } = session;
  if (sessions === undefined || sessions.compressed >= limits.compressedSessions) return false;
  sessions.compressed++;
  session.compression = new DeflateStream(conn);
  return true;
}

/** From here on both directions are compressed (RFC 4978 section 3). All that was said before has been sent. */
export function beginCompression({ input, out, compression }: ImapSession): void {
  if (compression === null) throw new Error("Take a place for the compression first");
  input.readFrom(compression);
  out.writeTo(compression);
}

/** Frees it, at the end of the session. */
export function endCompression(session: ImapSession): void {
  if (session.compression === null) return;
  session.compression.close();
  session.compression = null;
  session.deps.sessions!.compressed--;
}
