import { decodeMailbox, type Decoder, DELIMITER, no, ok } from "../../../wire/imap/mod.ts";
import { openAccess } from "../access.ts";
import { AFTER_LOGIN, type Command, command } from "../command.ts";
import type { ImapSession } from "../context.ts";
import { Rejection } from "../errors.ts";
import { checkedName, isInbox, withoutFinalDelimiter } from "../mailbox_names.ts";

/** RFC 3501 section 6.3.5. */
export const rename: Command = command({
  states: AFTER_LOGIN,
  decode: decodeRename,
  handle: async (session, { from, to }) => {
    const { mailbox } = await openAccess(session, from, { needs: ["x"] });
    const name = checkedName(withoutFinalDelimiter(to), session.limits);
    if (!isInbox(from)) await checkTree(session, mailbox.name, name);
    await session.store.mailboxes.rename(session.account, mailbox.name, name);
    return ok("Renamed");
  },
});

function decodeRename(args: Decoder): { from: string; to: string } {
  args.expectSpace();
  const from = decodeMailbox(args);
  args.expectSpace();
  const to = decodeMailbox(args);
  args.expectEnd();
  return { from, to };
}

/** What is below moves along: it must not come to lie below itself, and its new names must be good too. */
async function checkTree(session: ImapSession, from: string, to: string): Promise<void> {
  const prefix = from + DELIMITER;
  if (to.startsWith(prefix)) {
    throw new Rejection(no("A mailbox cannot be moved below itself", { code: "CANNOT" }));
  }
  for (const { name } of await session.store.mailboxes.list(session.account)) {
    if (name.startsWith(prefix)) checkedName(to + name.slice(from.length), session.limits);
  }
}
