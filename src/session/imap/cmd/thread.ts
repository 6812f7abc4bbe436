import { decodeThread, encodeThreads, ok, type ThreadArguments } from "../../../wire/imap/mod.ts";
import { type Answer, type Command, command, SELECTED } from "../command.ts";
import type { ImapSession } from "../context.ts";
import { Rejection } from "../errors.ts";
import { sequencesOf, writePieces } from "../search_answer.ts";
import { badCharset, withinNumbers } from "../search_command.ts";
import { toSearchKey } from "../search_key.ts";
import { runSearch, searchEndsAt } from "../search_run.ts";
import { selectedPlace } from "../search_place.ts";
import { inView } from "../search_query.ts";

/** RFC 5256 section 3, BASE.6.4.THREAD. */
export const thread: Command = command({
  states: SELECTED,
  updates: "no-expunge",
  decode: decodeThread,
  handle: (session, args, { tag }) => answerThread(session, args, { tag, by: "sequence" }),
});

export const uidThread: Command = command({
  states: SELECTED,
  decode: decodeThread,
  handle: (session, args, { tag }) => answerThread(session, args, { tag, by: "uid" }),
});

async function answerThread(
  session: ImapSession,
  args: ThreadArguments,
  { tag, by }: { readonly tag: string; readonly by: "sequence" | "uid" },
): Promise<Answer> {
  if (args.kind === "bad-charset") throw new Rejection(badCharset());
  const { selected, store, out } = session;
  const place = selectedPlace(session);
  const key = inView(place, toSearchKey(place.scope, args.term));
  const list = await runSearch(session, { tag, endsAt: searchEndsAt(session) }, (options) => {
    return store.messages.thread(selected.id, { key, algorithm: args.algorithm }, options);
  });
  const numbers = by === "uid" ? list.uids : await sequencesOf(session, list.uids);
  out.encoder.text(numbers.length === 0 ? "* THREAD" : "* THREAD ");
  await writePieces(session, encodeThreads({ numbers, depths: list.depths }));
  out.encoder.line("");
  return withinNumbers(args.term, ok("Threaded"));
}
