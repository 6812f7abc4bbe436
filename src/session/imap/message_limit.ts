/**
 * How many messages one command may touch (RFC 9738); 0 is no limit, and then nothing of this is announced. What reads, marks or
 * moves does the last messages and says how far it came; COPY, which must do all or nothing (RFC 9051 section 6.4.7), refuses.
 */
import { no } from "../../wire/imap/mod.ts";
import type { Answer } from "./command.ts";
import type { ImapSession } from "./context.ts";
import { Rejection } from "./errors.ts";
import type { Selection } from "./tracker.ts";

/** What of the selection this command does. */
export function limited({ selected, limits }: ImapSession, whole: Selection): Selection {
  return limits.messages === 0 ? whole : selected.tracker.lastOf(whole, limits.messages);
}

/** Says how far the command came, by the lowest UID that it touched, unless it did everything (RFC 9738 section 3.1). */
export function withLimit(
  { limits }: ImapSession,
  did: { readonly whole: Selection; readonly selection: Selection },
  answer: Answer,
): Answer {
  if (did.selection.count === did.whole.count || answer.kind !== "OK" || answer.code !== null) return answer;
  const data = `${limits.messages} ${did.selection.uids[0]![0]}`;
  return {
    ...answer,
    code: { name: "MESSAGELIMIT", data },
    text: "So many messages at a time; go on below that UID",
  };
}

/** Throws NO for a command that must do all or nothing and has too much to do. */
export function requireWithinLimit({ limits }: ImapSession, selection: Selection): void {
  if (limits.messages > 0 && selection.count > limits.messages) throw tooManyAtOnce(limits.messages);
}

export function tooManyAtOnce(most: number): Rejection {
  const text = `One command can touch at most ${most} messages`;
  return new Rejection(no(text, { code: "MESSAGELIMIT", data: String(most) }));
}
