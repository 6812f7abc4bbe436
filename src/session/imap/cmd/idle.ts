import { decodeLatin1 } from "../../../core/bytes.ts";
import { ConnectionLostError } from "../../../core/errors.ts";
import { bad, ok } from "../../../wire/imap/mod.ts";
import { AFTER_LOGIN, type Answer, type Command, command, noArguments } from "../command.ts";
import type { ImapSession } from "../context.ts";
import { SessionOver } from "../errors.ts";
import { discardLiteralOf } from "../streamed_literal.ts";

const MAX_DONE_LINE = 100;

/** RFC 2177. */
export const idle: Command = command({
  states: AFTER_LOGIN,
  decode: noArguments,
  handle: async (session) => {
    session.isIdling = true;
    try {
      return await tellUntilDone(session);
    } finally {
      session.isIdling = false;
    }
  },
});

/** Tells what changes at once, until the client says DONE or the session is asked to end. */
async function tellUntilDone(session: ImapSession): Promise<Answer> {
  await session.out.continuation("Idling");
  for (;;) {
    await session.sync({ expunge: true });
    await session.out.flush();
    const reason = await session.input.wait();
    if (session.farewell !== null) throw new SessionOver(session.farewell);
    if (reason === "input") break;
  }
  const line = await session.input.line(MAX_DONE_LINE);
  if (line === null) throw new ConnectionLostError("The connection ended during IDLE");
  if (decodeLatin1(line).toUpperCase() === "DONE") return ok("Idled");
  await discardLiteralOf(session, line);
  return bad("Expected DONE");
}
