import { NoSuchMailbox } from "../../../store/errors.ts";
import type { Appended, AppendRequest } from "../../../store/mod.ts";
import { appendLiteralIsStreamed, decodeAppend, no, readMessages } from "../../../wire/imap/mod.ts";
import { openTarget } from "../access.ts";
import { AFTER_LOGIN, type Command, command } from "../command.ts";
import type { ImapSession } from "../context.ts";
import { Rejection } from "../errors.ts";
import { IncomingMessages } from "../incoming_messages.ts";
import { tellTargetName } from "../listing.ts";
import { quotaOf, roomOf } from "../quota.ts";
import { appendedReply } from "../uid_codes.ts";

/**
 * RFC 3501 section 6.3.11, with APPENDUID (RFC 4315 section 3), MULTIAPPEND (RFC 3502), CATENATE (RFC 4469), literal8 (RFC 3516) and
 * UTF8 (RFC 6855 section 4). The messages go to the store as they come.
 */
export const append: Command = command({
  states: AFTER_LOGIN,
  streams: appendLiteralIsStreamed,
  decode: decodeAppend,
  handle: async (session, { mailbox: name, rest }, { streamed }) => {
    const target = await openTarget(session, name);
    const { id: mailboxId, account } = target.mailbox;
    const room = await roomOf(session, account);
    const incoming = new IncomingMessages(session, { target, room, streamed });
    try {
      const line = { args: rest, literal: streamed?.header ?? null };
      const messages = await incoming.collect(readMessages(line, { one: false }), line);
      const bounds = { quota: quotaOf(session, account), keywordLimit: session.limits.keywords };
      const appended = await appendAll(
        session,
        messages.map((message) => ({ ...message, mailboxId, ...bounds })),
      );
      session.notePut(mailboxId, { uids: appended.map(({ uid }) => uid), modseqs: appended.length });
      await tellTargetName(session, target, name);
      return appendedReply("Appended", target, appended);
    } finally {
      incoming.discard();
    }
  },
});

/** RFC 3502 section 6.3.11: all of them or none. */
async function appendAll({ store }: ImapSession, requests: readonly AppendRequest[]): Promise<Appended[]> {
  try {
    return await store.messages.appendMany(requests);
  } catch (error) {
    if (error instanceof NoSuchMailbox) throw new Rejection(no("No such mailbox", { code: "TRYCREATE" }));
    throw error;
  }
}
