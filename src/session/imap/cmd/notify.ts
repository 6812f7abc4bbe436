import { decodeNotify, no, NOTIFY_EVENTS, type NotifyArguments, ok } from "../../../wire/imap/mod.ts";
import { AFTER_LOGIN, type Answer, type Command, command } from "../command.ts";
import type { ImapSession } from "../context.ts";
import { Notifier } from "../notifier.ts";

/** RFC 5465 section 3.1: what is asked for replaces what was asked for before. */
export const notify: Command = command({
  states: AFTER_LOGIN,
  decode: decodeNotify,
  handle: begin,
});

async function begin(session: ImapSession, args: NotifyArguments): Promise<Answer> {
  if (args.kind === "bad-event") {
    const data = `(${NOTIFY_EVENTS.join(" ")})`;
    return no("These are the events that can be told of", { code: "BADEVENT", data });
  }
  const groups = args.kind === "set" ? args.groups : [];
  const notifier = await Notifier.start(session, groups);
  if (notifier === null) {
    const most = session.limits.notifyMailboxes;
    return no(`A session can watch at most ${most} mailboxes`, { code: "NOTIFICATIONOVERFLOW" });
  }
  session.notifyBy(notifier);
  if (args.kind === "none") return ok("Noted");
  await session.catchUp();
  if (args.status) await notifier.tellAll();
  return ok("Noted");
}
