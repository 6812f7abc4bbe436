import { decodeSearch, no, ok, SEARCH_CHARSETS, type SearchArguments } from "../../../wire/imap/mod.ts";
import { type Answer, type Command, command, SELECTED } from "../command.ts";
import type { ImapSession } from "../context.ts";
import { toSearchKey } from "../search_key.ts";

/** RFC 3501 section 6.4.4. */
export const search: Command = command({
  states: SELECTED,
  updates: "no-expunge",
  decode: decodeSearch,
  handle: (session, args) => find(session, args, "sequence"),
});

/** RFC 3501 section 6.4.8. */
export const uidSearch: Command = command({
  states: SELECTED,
  decode: decodeSearch,
  handle: (session, args) => find(session, args, "uid"),
});

async function find(
  session: ImapSession,
  args: SearchArguments,
  by: "sequence" | "uid",
): Promise<Answer> {
  if (args.kind === "bad-charset") {
    return no("Unknown charset", { code: "BADCHARSET", data: `(${SEARCH_CHARSETS.join(" ")})` });
  }
  const { selected, out, pace, deps } = session;
  const key = toSearchKey(session, args.term);
  const uids = await session.store.messages.search(selected.id, key, { signal: deps.shutdown });
  out.encoder.text("* SEARCH");
  pace.begin();
  for (const uid of uids) {
    // What came since the last update is not in the client's view yet.
    const sequence = selected.tracker.sequenceOf(uid);
    if (sequence === 0) continue;
    out.encoder.text(` ${by === "uid" ? uid : sequence}`);
    await out.room();
    await pace.rest();
  }
  out.encoder.line("");
  return ok("Searched");
}
