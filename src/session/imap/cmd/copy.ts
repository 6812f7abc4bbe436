import {
  decodeMailbox,
  type Decoder,
  decodeSequenceSet,
  no,
  ok,
  type SequenceSet,
} from "../../../wire/imap/mod.ts";
import type { TransferOptions, UidCopy } from "../../../store/mod.ts";
import { NoSuchMailbox } from "../../../store/errors.ts";
import { openTarget, type Target } from "../access.ts";
import { type Answer, type Command, command, SELECTED } from "../command.ts";
import type { ImapSession } from "../context.ts";
import { Rejection } from "../errors.ts";
import { keptWithin } from "../flag_rights.ts";
import { requireWithinLimit } from "../message_limit.ts";
import { withProgress } from "../progress.ts";
import { quotaOf } from "../quota.ts";
import { copiedReply } from "../uid_codes.ts";

export interface CopyArguments {
  readonly set: SequenceSet;
  readonly mailbox: string;
}

/** RFC 3501 section 6.4.7. */
export const copy: Command = command({
  states: SELECTED,
  decode: decodeCopy,
  handle: (session, args, { tag }) => copyMessages(session, args, { tag, by: "sequence" }),
});

/** RFC 3501 section 6.4.8. */
export const uidCopy: Command = command({
  states: SELECTED,
  decode: decodeCopy,
  handle: (session, args, { tag }) => copyMessages(session, args, { tag, by: "uid" }),
});

export function decodeCopy(args: Decoder): CopyArguments {
  args.expectSpace();
  const set = decodeSequenceSet(args);
  args.expectSpace();
  const mailbox = decodeMailbox(args);
  args.expectEnd();
  return { set, mailbox };
}

/** How a COPY or MOVE was said. */
export interface TransferCall {
  readonly tag: string;
  readonly by: "sequence" | "uid";
}

async function copyMessages(
  session: ImapSession,
  args: CopyArguments,
  { tag, by }: TransferCall,
): Promise<Answer> {
  const selection = session.resolve(args.set, by);
  requireWithinLimit(session, selection);
  const target = await openTarget(session, args.mailbox);
  if (selection.count === 0) return ok("There was nothing to copy");
  const { messages } = session.store;
  const options = transferOptions(session, target);
  const copied = await withProgress(
    session,
    { tag },
    () => withTarget(() => messages.copy(session.selected.id, selection.uids, target.mailbox.id, options)),
  );
  session.notePut(target.mailbox.id, { uids: copied.to, modseqs: 1 });
  return copied.from.length === 0 ? nothingLeft(by) : copiedReply("Copied", target, copied);
}

/** What may come into the target, and of the flags along with it. */
export function transferOptions(session: ImapSession, { mailbox, rights }: Target): TransferOptions {
  return {
    quota: quotaOf(session, mailbox.account),
    keywordLimit: session.limits.keywords,
    // RFC 4314 section 4: flags that the user has no right to set there are left behind.
    keeps: keptWithin(rights),
  };
}

/** The target may go between our look and the copy. */
export async function withTarget(action: () => Promise<UidCopy>): Promise<UidCopy> {
  try {
    return await action();
  } catch (error) {
    if (error instanceof NoSuchMailbox) {
      throw new Rejection(no("No such mailbox", { code: "TRYCREATE" }));
    }
    throw error;
  }
}

/** All the messages were expunged by others: by UID that is no error (RFC 3501 section 6.4.8, RFC 5530 section 3). */
export function nothingLeft(by: "sequence" | "uid"): Answer {
  return by === "uid"
    ? ok("Those messages are gone", { code: "EXPUNGEISSUED" })
    : no("Those messages were expunged", { code: "EXPUNGEISSUED" });
}
