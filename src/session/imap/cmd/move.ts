import { ok } from "../../../wire/imap/mod.ts";
import { openTarget } from "../access.ts";
import { type Answer, type Command, command, SELECTED } from "../command.ts";
import type { ImapSession } from "../context.ts";
import { limited, withLimit } from "../message_limit.ts";
import { withProgress } from "../progress.ts";
import { requireWritable } from "../selected.ts";
import { copiedReply } from "../uid_codes.ts";
import {
  type CopyArguments,
  decodeCopy,
  nothingLeft,
  type TransferCall,
  transferOptions,
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
  const whole = session.resolve(args.set, by);
  const selection = limited(session, whole);
  const target = await openTarget(session, args.mailbox);
  if (selection.count === 0) return ok("There was nothing to move");
  const { messages } = session.store;
  const options = transferOptions(session, target);
  const moved = await withProgress(
    session,
    { tag },
    () => withTarget(() => messages.move(session.selected.id, selection.uids, target.mailbox.id, options)),
  );
  if (moved.from.length === 0) return nothingLeft(by);
  session.notePut(target.mailbox.id, { uids: moved.to, modseqs: 1 });
  // Before the EXPUNGEs that it explains (RFC 6851 section 4.3).
  session.out.status(copiedReply("Moved", target, moved));
  await session.sync({ expunge: true, force: true });
  // As after EXPUNGE (RFC 7162 section 3.2.7).
  return withModseq(session, withLimit(session, { whole, selection }, ok("Moved")));
}
