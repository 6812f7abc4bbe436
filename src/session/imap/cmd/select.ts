import { decodeOneMailbox, ok } from "../../../wire/imap/mod.ts";
import { openAccess } from "../access.ts";
import { AFTER_LOGIN, type Answer, type Command, command } from "../command.ts";
import type { ImapSession } from "../context.ts";

/** RFC 3501 section 6.3.1. */
export const select: Command = command({
  states: AFTER_LOGIN,
  decode: decodeOneMailbox,
  handle: (session, name) => open(session, name, false),
});

/** RFC 3501 section 6.3.2. */
export const examine: Command = command({
  states: AFTER_LOGIN,
  decode: decodeOneMailbox,
  handle: (session, name) => open(session, name, true),
});

async function open(session: ImapSession, name: string, readOnly: boolean): Promise<Answer> {
  // Whether it succeeds or not, the mailbox selected before is so no more.
  session.deselect();
  const access = await openAccess(session, name, { needs: ["r"] });
  const selected = await session.select(access, { readOnly });
  const { out } = session;
  const { mailbox, firstUnseenUid } = selected.view;
  selected.tellFlagList(out);
  out.line(`${selected.tracker.count} EXISTS`);
  out.line(`${selected.recentCount} RECENT`);
  const unseen = firstUnseenUid === null ? 0 : selected.tracker.sequenceOf(firstUnseenUid);
  if (unseen > 0) out.status(ok("First unseen message", { code: "UNSEEN", data: String(unseen) }));
  out.status(ok("UIDs are valid", { code: "UIDVALIDITY", data: String(mailbox.uidValidity) }));
  out.status(ok("The next UID", { code: "UIDNEXT", data: String(mailbox.uidNext) }));
  return readOnly
    ? ok("Open for reading", { code: "READ-ONLY" })
    : ok("Open for reading and writing", { code: "READ-WRITE" });
}
