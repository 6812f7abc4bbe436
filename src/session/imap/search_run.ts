import { no } from "../../wire/imap/mod.ts";
import type { SearchOptions } from "../../store/mod.ts";
import type { ImapSession } from "./context.ts";
import { Rejection, SessionOver } from "./errors.ts";
import { withProgress } from "./progress.ts";

/** A search that takes longer looks now and then whether its client is still there. */
const PATIENCE_MS = 1000;

/** The command that searches. */
export interface SearchTask {
  readonly tag: string;
  /** When its time is over, however many searches it takes (`searchEndsAt`). */
  readonly endsAt: number;
}

export function searchEndsAt({ deps, limits }: ImapSession): number {
  return deps.clock.now() + limits.searchTimeMs;
}

/**
 * Does what asks the store for a search, and stops it when it takes too long or when nobody waits for it any more. Meanwhile the
 * client hears now and then how far it has come (RFC 9585).
 */
export async function runSearch<T>(
  session: ImapSession,
  { tag, endsAt }: SearchTask,
  work: (options: SearchOptions) => Promise<T>,
): Promise<T> {
  let figures: { readonly done: number; readonly goal: number } | null = null;
  const onProgress = (done: number, goal: number) => figures = { done, goal };
  return await searchInTime(session, endsAt, async ({ signal }) => {
    return await withProgress(
      session,
      { tag, reached: () => figures },
      () => work({ ...(signal === undefined ? {} : { signal }), onProgress }),
    );
  });
}

/** As `runSearch`, for what no command waits for. */
export async function searchInTime<T>(
  session: ImapSession,
  endsAt: number,
  work: (options: SearchOptions) => Promise<T>,
): Promise<T> {
  const { deps } = session;
  if (deps.clock.now() >= endsAt) throw tookTooLong(session);
  const stop = new AbortController();
  const over = new AbortController();
  endInTime(session, { stop, endsAt }, over.signal);
  endWithClient(session, stop, over.signal);
  try {
    return await work({ signal: AbortSignal.any([stop.signal, deps.shutdown]) });
  } catch (error) {
    if (deps.shutdown.aborted && session.farewell !== null) throw new SessionOver(session.farewell);
    throw error;
  } finally {
    over.abort();
  }
}

async function endInTime(
  session: ImapSession,
  { stop, endsAt }: { readonly stop: AbortController; readonly endsAt: number },
  over: AbortSignal,
): Promise<void> {
  const { clock } = session.deps;
  await clock.sleep(endsAt - clock.now(), over);
  if (!over.aborted) stop.abort(tookTooLong(session));
}

function tookTooLong({ limits }: ImapSession): Rejection {
  const text = `The search took longer than ${
    Math.round(limits.searchTimeMs / 1000)
  } seconds: narrow it down`;
  return new Rejection(no(text, { code: "LIMIT" }));
}

async function endWithClient(session: ImapSession, stop: AbortController, over: AbortSignal): Promise<void> {
  await session.deps.clock.sleep(PATIENCE_MS, over);
  if (over.aborted) return;
  const gone = () => stop.abort(new SessionOver(null));
  try {
    // The answers to commands that came before must not wait for this one.
    await session.out.flush();
  } catch {
    return gone();
  }
  if (over.aborted) return;
  const forget = session.input.onEnd(gone);
  over.addEventListener("abort", forget, { once: true });
}
