import { NoSuchMailbox, NoSuchMessage } from "../../../store/errors.ts";
import type { Appended, ReplaceRequest } from "../../../store/mod.ts";
import {
  decodeReplace,
  no,
  ok,
  readMessages,
  type ReplaceArguments,
  replaceLiteralIsStreamed,
  type SequenceSet,
} from "../../../wire/imap/mod.ts";
import { openTarget } from "../access.ts";
import { type Answer, type Call, type Command, command, SELECTED } from "../command.ts";
import type { ImapSession } from "../context.ts";
import { Rejection } from "../errors.ts";
import { IncomingMessages } from "../incoming_messages.ts";
import { tellTargetName } from "../listing.ts";
import { quotaOf, roomOf } from "../quota.ts";
import { requireWritable } from "../selected.ts";
import { appendedReply } from "../uid_codes.ts";
import { withModseq } from "./expunge.ts";

/** RFC 8508 section 3.1. */
export const replace: Command = command({
  states: SELECTED,
  streams: replaceLiteralIsStreamed,
  decode: decodeReplace,
  handle: (session, args, call) => replaceMessage(session, args, { ...call, by: "sequence" }),
});

/** RFC 8508 section 3.2. */
export const uidReplace: Command = command({
  states: SELECTED,
  streams: replaceLiteralIsStreamed,
  decode: decodeReplace,
  handle: (session, args, call) => replaceMessage(session, args, { ...call, by: "uid" }),
});

async function replaceMessage(
  session: ImapSession,
  { set, mailbox: name, rest }: ReplaceArguments,
  { by, streamed }: Call & { readonly by: "sequence" | "uid" },
): Promise<Answer> {
  // RFC 8508 section 3.4: what APPEND needs there, and what expunging needs here.
  requireWritable(session.selected, ["t", "e"]);
  const { id: source } = session.selected;
  const uid = uidOf(session, set, by);
  const target = await openTarget(session, name);
  const { id: mailboxId, account } = target.mailbox;
  const freed = account === session.selected.view.mailbox.account ? await sizeOf(session, uid) : null;
  const room = await roomOf(session, account, freed);
  const incoming = new IncomingMessages(session, { target, room, streamed });
  try {
    const line = { args: rest, literal: streamed?.header ?? null };
    const [message] = await incoming.collect(readMessages(line, { one: true }), line);
    // The message may have been long in coming, and the right to take the other one away is gone by now.
    await session.refreshRights();
    requireWritable(session.selected, ["t", "e"]);
    const bounds = { quota: quotaOf(session, account), keywordLimit: session.limits.keywords };
    const appended = await commit(session, { ...message!, mailboxId, ...bounds, source, uid });
    session.notePut(mailboxId, { uids: [appended.uid], modseqs: 1 });
    // Section 3.4: what goes for APPEND goes here.
    await tellTargetName(session, target, name);
    // Before the EXPUNGE that it explains (section 3.3).
    session.out.status(appendedReply("Replaced", target, [appended]));
    await session.sync({ expunge: true, force: true });
    return withModseq(session, ok("Replaced"));
  } finally {
    incoming.discard();
  }
}

/** The message that is to go. Its client knows of it, so it is no good sending the new one when it is gone. */
function uidOf(session: ImapSession, set: SequenceSet, by: "sequence" | "uid"): number {
  const { uids: [range] } = session.resolve(set, by);
  if (range === undefined) throw new Rejection(no("There is no such message", { code: "NONEXISTENT" }));
  if (session.selected.tracker.isGone(range[0])) throw expunged();
  return range[0];
}

function expunged(): Rejection {
  return new Rejection(no("That message was expunged", { code: "EXPUNGEISSUED" }));
}

async function sizeOf({ store, selected }: ImapSession, uid: number): Promise<number | null> {
  for await (const [row] of store.messages.rows(selected.id, [[uid, uid]])) return row?.size ?? null;
  return null;
}

async function commit({ store }: ImapSession, request: ReplaceRequest): Promise<Appended> {
  try {
    return await store.messages.replace(request);
  } catch (error) {
    if (error instanceof NoSuchMessage) throw expunged();
    if (error instanceof NoSuchMailbox) throw new Rejection(no("No such mailbox", { code: "TRYCREATE" }));
    throw error;
  }
}
