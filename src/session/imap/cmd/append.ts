import type { BodyStage, Mailbox, StagedBody } from "../../../store/mod.ts";
import {
  type AppendArguments,
  appendLiteralIsMessage,
  decodeAppend,
  no,
  ok,
} from "../../../wire/imap/mod.ts";
import { ProtocolError } from "../../../core/errors.ts";
import { NoSuchMailbox } from "../../../store/errors.ts";
import { openAccess } from "../access.ts";
import { AFTER_LOGIN, type Answer, type Command, command } from "../command.ts";
import type { ImapSession } from "../context.ts";
import { Rejection } from "../errors.ts";
import { requireShortKeywords } from "../flags.ts";

import type { StreamedLiteral } from "../streamed_literal.ts";

/** RFC 3501 section 6.3.11, with APPENDUID (RFC 4315 section 3). The message goes to the store as it comes. */
export const append: Command = command({
  states: AFTER_LOGIN,
  streams: appendLiteralIsMessage,
  decode: decodeAppend,
  handle: async (session, args, { streamed }) => {
    if (streamed === null) throw new ProtocolError("Expected a literal with the message");
    // All that can be refused is refused before a waiting client sends the message.
    const { mailbox } = await openAccess(session, args.mailbox, { needs: ["i"], code: "TRYCREATE" });
    requireShortKeywords(args.flags);
    requireGoodSize(streamed.size, session.limits.messageBytes);
    const stage = session.store.bodies.stage();
    try {
      return await appendMessage(session, { args, mailbox, body: await receive(stage, streamed) });
    } finally {
      stage.discard();
    }
  },
});

function requireGoodSize(size: number, limit: number): void {
  if (size > limit) {
    throw new Rejection(no(`A message can have at most ${limit} bytes`, { code: "TOOBIG" }));
  }
  if (size === 0) throw new Rejection(no("A message cannot be empty", { code: "CANNOT" }));
}

async function receive(stage: BodyStage, literal: StreamedLiteral): Promise<StagedBody> {
  for await (const chunk of literal.read()) await stage.write(chunk);
  await literal.expectEnd();
  return stage.seal();
}

async function appendMessage(
  session: ImapSession,
  { args, mailbox, body }: { args: AppendArguments; mailbox: Mailbox; body: StagedBody },
): Promise<Answer> {
  const internalDate = args.internalDate ?? session.deps.clock.now();
  try {
    const { uid, uidValidity } = await session.store.messages.append({
      mailboxId: mailbox.id,
      body,
      flags: args.flags,
      internalDate,
    });
    return ok("Appended", { code: "APPENDUID", data: `${uidValidity} ${uid}` });
  } catch (error) {
    if (error instanceof NoSuchMailbox) throw new Rejection(no("No such mailbox", { code: "TRYCREATE" }));
    throw error;
  }
}
