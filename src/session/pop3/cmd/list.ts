import type { Answer, Pop3Session } from "../context.ts";
import { listing } from "../listing.ts";

/** RFC 1939 section 5. */
export function list(session: Pop3Session, rest: string): Answer {
  return listing(session, rest, (entry) => `${entry.number} ${entry.size}`);
}
