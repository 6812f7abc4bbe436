import { ok } from "../../../wire/imap/mod.ts";
import { openAccess } from "../access.ts";
import { type Answer, type Command, command, SELECTED } from "../command.ts";
import type { ImapSession } from "../context.ts";
import { keptWithin } from "../flag_rights.ts";
import { requireWithinLimit } from "../message_limit.ts";
import { withProgress } from "../progress.ts";
import { quotaOf } from "../quota.ts";
import { requireWritable } from "../selected.ts";
import {
  type CopyArguments,
  copyUid,
  decodeCopy,
  nothingLeft,
  type TransferCall,
  withTarget,
} from "./copy.ts";
import { withModseq } from "./expunge.ts";

/** RFC 6851 section 3.1. */
export const move: Command = command({
  states: SELECTED,
  decode: decodeCopy,
  handle: (session, args, { tag }) => moveMessages(session, args, { tag, by: "sequence" }),
});

/** RFC 6851 section 3.2. */
export const uidMove: Command = command({
  states: SELECTED,
  decode: decodeCopy,
  handle: (session, args, { tag }) => moveMessages(session, args, { tag, by: "uid" }),
});

async function moveMessages(
  session: ImapSession,
  args: CopyArguments,
  { tag, by }: TransferCall,
): Promise<Answer> {
  requireWritable(session.selected, ["t", "e"]);
  const selection = session.resolve(args.set, by);
  requireWithinLimit(session, selection);
  const { mailbox: target, rights } = await openAccess(session, args.mailbox, {
    needs: ["i"],
    code: "TRYCREATE",
  });
  if (selection.count === 0) return ok("There was nothing to move");
  const { messages } = session.store;
  // RFC 4314 section 4: flags that the user has no right to set there are left behind.
  const options = { quota: quotaOf(session, target.account), keeps: keptWithin(rights) };
  const moved = await withProgress(
    session,
    { tag },
    () => withTarget(() => messages.move(session.selected.id, selection.uids, target.id, options)),
  );
  if (moved.from.length === 0) return nothingLeft(by);
  // Before the EXPUNGEs that it explains (RFC 6851 section 4.3).
  session.out.status(ok("Moved", { code: "COPYUID", data: copyUid(moved) }));
  await session.sync({ expunge: true, force: true });
  // As after EXPUNGE (RFC 7162 section 3.2.7).
  return withModseq(session, ok("Moved"));
}
