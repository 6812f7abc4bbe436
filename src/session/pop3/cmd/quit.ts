import { err, ok } from "../../../wire/pop3/mod.ts";
import type { Answer, Pop3Session } from "../context.ts";

/** RFC 1939 sections 4 and 6: after log-in this is the UPDATE state, where the marked messages are removed. */
export async function quit(session: Pop3Session): Promise<Answer> {
  const { login, deps } = session;
  if (login === null || login.maildrop.deletedCount === 0) return { reply: ok("Bye"), next: "close" };
  const { maildrop } = login;
  try {
    const removed = await deps.store.messages.expunge(maildrop.mailboxId, maildrop.deletedUids(), {
      any: true,
    });
    session.log.info("pop3-deleted", { messages: removed.length });
    deps.metrics.count("mailden_pop3_deleted_total", {}, removed.length);
    return { reply: ok(`Bye, ${removed.length} messages deleted`), next: "close" };
  } catch (error) {
    // Whatever it was, the client must learn that its messages are still there.
    session.log.error("pop3-update-failed", { error: String(error) });
    return { reply: err("The deleted messages could not be removed", "SYS/TEMP"), next: "close" };
  }
}
