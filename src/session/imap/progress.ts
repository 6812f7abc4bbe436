/** Tells a client that its command is still being worked on (RFC 9585), so that neither it nor a NAT gives the connection up. */
import { ok } from "../../wire/imap/mod.ts";
import type { ImapSession } from "./context.ts";

/** RFC 9585 section 4: often enough for the short patience of some clients, seldom enough to mean something. */
const EVERY_MS = 10_000;

export interface Progress {
  /** The command's. */
  readonly tag: string;
  /** How far it has come, where anybody knows. */
  readonly reached?: () => { readonly done: number; readonly goal: number | null } | null;
}

/** Does the work, in which nothing may be sent to the client, and meanwhile says now and then that it goes on. */
export async function withProgress<T>(
  session: Pick<ImapSession, "deps" | "out">,
  progress: Progress,
  work: () => Promise<T>,
): Promise<T> {
  const over = new AbortController();
  const telling = tellUntil(session, progress, over.signal);
  // Who waits for the work hears of it below.
  telling.catch(() => {});
  try {
    return await work();
  } finally {
    over.abort();
    await telling;
  }
}

async function tellUntil(
  { deps, out }: Pick<ImapSession, "deps" | "out">,
  { tag, reached }: Progress,
  signal: AbortSignal,
): Promise<void> {
  for (;;) {
    await deps.clock.sleep(EVERY_MS, signal);
    if (signal.aborted) return;
    const figures = reached?.() ?? null;
    const done = figures === null ? "NIL NIL" : `${figures.done} ${figures.goal ?? "NIL"}`;
    // RFC 9585 section 6: the tag is a quoted string; a tag has nothing in it that needs a backslash.
    out.status(ok("Still at it", { code: "INPROGRESS", data: `("${tag}" ${done})` }));
    await out.flush();
  }
}
