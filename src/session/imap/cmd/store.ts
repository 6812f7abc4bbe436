import { decodeStore, no, ok, type StoreArguments } from "../../../wire/imap/mod.ts";
import { type Answer, type Command, command, SELECTED } from "../command.ts";
import type { ImapSession } from "../context.ts";
import { requireRoomForKeywords, rightsForFlags } from "../flags.ts";
import { requireWritable } from "../selected.ts";

/** So many messages are changed by one write. */
const SLICE = 1000;

/** RFC 3501 section 6.4.6. */
export const store: Command = command({
  states: SELECTED,
  updates: "no-expunge",
  decode: decodeStore,
  handle: (session, args) => change(session, args, "sequence"),
});

/** RFC 3501 section 6.4.8. */
export const uidStore: Command = command({
  states: SELECTED,
  decode: decodeStore,
  handle: (session, args) => change(session, args, "uid"),
});

async function change(
  session: ImapSession,
  args: StoreArguments,
  by: "sequence" | "uid",
): Promise<Answer> {
  const { selected, out, pace } = session;
  requireWritable(selected, rightsForFlags(args.flags));
  const selection = session.resolve(args.set, by);
  if (args.change !== "remove") requireRoomForKeywords(session, args.flags);
  let changed = 0;
  for (const slice of selected.tracker.slices(selection, SLICE)) {
    const rows = await selected.changeFlags(slice, { kind: args.change, flags: args.flags }, session);
    changed += rows.length;
    pace.begin();
    for (const row of rows) {
      if (args.silent) selected.learnKeywords(out, row.flags);
      else selected.tellFlags(out, row, { withUid: by === "uid" });
      await out.room();
      await pace.rest();
    }
  }
  if (by === "sequence" && changed < selection.count) {
    return no("Some of the messages were expunged", { code: "EXPUNGEISSUED" });
  }
  return ok("Flags stored");
}
