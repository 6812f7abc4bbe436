import type { FetchItem } from "../../wire/imap/mod.ts";
import { mergeRanges } from "../../wire/imap/mod.ts";
import type { MessageRow } from "../../store/mod.ts";
import type { ImapSession } from "./context.ts";
import { FetchAhead } from "./fetch_ahead.ts";
import { planFetch } from "./fetch_plan.ts";
import { readRows } from "./fetch_rows.ts";
import { FetchWriter } from "./fetch_writer.ts";
import { tellsUid } from "./updates.ts";

/** Tells of new messages what NOTIFY asked for (RFC 5465 section 5.2). Nothing becomes \Seen by that: nobody has read it yet. */
export async function fetchNew(
  session: ImapSession,
  fresh: readonly MessageRow[],
  asked: readonly FetchItem[],
): Promise<void> {
  const { store, enabled } = session;
  const plan = planFetch(asked, {
    withUid: tellsUid(enabled),
    withModseq: enabled.has("CONDSTORE"),
  });
  const uids = mergeRanges(fresh.map(({ uid }) => [uid, uid]));
  const ahead = new FetchAhead(store.bodies, plan.items);
  const writer = new FetchWriter(session, ahead);
  try {
    for await (const batch of readRows(session, plan, uids)) {
      ahead.expect(batch);
      for (const [place, row] of batch.entries()) {
        await ahead.goOn(place);
        await writer.write(row, plan.items);
        await session.pace.rest();
      }
    }
  } finally {
    ahead.close();
  }
}
